import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '@sampan/base';
import { CriRuntime } from '../cri/index.ts';
import { mountTable, realPlace } from '../volumes/mounts.ts';
import { endProcess, findProcesses } from './processes.ts';

/**
 * Kills and forgets every pod of the containerd at `socket`, networks included. Goes on past what fails and returns the
 * failures.
 */
export async function endAllPods(socket: string): Promise<string[]> {
  const runtime = new CriRuntime(socket);
  try {
    const sandboxes = await runtime.listSandboxes();
    const results = await Promise.allSettled(
      sandboxes.map(async ({ id }) => {
        await runtime.stopSandbox(id);
        await runtime.removeSandbox(id);
      }),
    );
    return results.flatMap((result) => (result.status === 'rejected' ? [messageOf(result.reason)] : []));
  } catch (error) {
    return [messageOf(error)];
  } finally {
    runtime.close();
  }
}

/**
 * Ends what still runs of a containerd that is gone: its shims, which take their containers with them, and programs
 * that a runtime other than runc leaves beside them. They are known by its socket and by bundles in its state folder.
 */
export async function endShims(socket: string, state: string): Promise<void> {
  const left = await findProcesses((args) => {
    const shim = /\/containerd-shim[^/]*$/.test(args[0] ?? '') && args.includes(socket);
    return shim || args.some((arg) => arg.replace(/^--[\w-]+=/, '').startsWith(`${state}/`));
  });
  await Promise.all(left.map((pid) => endProcess(pid, 2000)));
}

/** Unmounts all that is mounted below the folders, the latest first, also what is in use. */
export async function unmountBelow(...folders: readonly string[]): Promise<void> {
  const real = await Promise.all(folders.map(realPlace));
  const mounts = (await mountTable()).filter(({ point }) =>
    real.some((folder) => point.startsWith(`${folder}/`)),
  );
  for (const { point } of mounts.reverse()) await promisify(execFile)('umount', ['--lazy', point]);
}
