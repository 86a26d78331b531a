import { execFile } from 'node:child_process';
import { access, constants, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gvisorScript } from './gvisor-script.ts';

/** Where Debian and gVisor's own packages put it. */
const RUNSC_FOLDERS = ['/usr/bin', '/usr/local/bin', '/usr/sbin', '/usr/local/sbin'];

/**
 * The handlers of runtime classes beside `runc` that this machine can have, as `startContainerd({handlers})` takes
 * them: `gvisor` where runsc is installed. Writes the programs that containerd will call into `folder`, which is root's
 * alone and stays; may be called again. A containerd that runs already keeps the handlers it was started with.
 */
export async function findHandlers(folder: string): Promise<Record<string, string>> {
  const runsc = await firstProgram(RUNSC_FOLDERS.map((each) => `${each}/runsc`));
  const platform = runsc && (await bestPlatform(runsc));
  if (!runsc || !platform) return {};
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const gvisor = join(folder, 'runsc-for-runc-shim');
  // one that is being run is not changed under its feet
  await writeFile(`${gvisor}.new`, gvisorScript(runsc, platform), { mode: 0o755 });
  await rename(`${gvisor}.new`, gvisor);
  return { gvisor };
}

async function firstProgram(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
  }
  return undefined;
}

/** systrap is faster and came after Debian 12's runsc; ptrace runs everywhere. undefined: no runsc that works. */
async function bestPlatform(runsc: string): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)(runsc, ['flags']);
    return `${stdout}${stderr}`.includes('systrap') ? 'systrap' : 'ptrace';
  } catch {
    return undefined;
  }
}
