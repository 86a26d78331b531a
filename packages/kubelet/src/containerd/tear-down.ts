import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '@sampan/base';
import { CriRuntime } from '../cri/index.ts';
import { GRACE_ANNOTATION } from '../pods/container-spec.ts';
import { mountTable, realPlace } from '../volumes/mounts.ts';
import { endProcess, findProcesses } from './processes.ts';

/**
 * Ends and forgets every pod of the containerd at `socket`, networks included: containers are asked to end and have
 * their own grace, but at most `graceSeconds`; with 0 they are killed at once. Goes on past what fails and returns the
 * failures.
 */
export async function endAllPods(socket: string, graceSeconds: number): Promise<string[]> {
  const runtime = new CriRuntime(socket);
  try {
    const asked = graceSeconds > 0 ? await askToEnd(runtime, graceSeconds) : [];
    const sandboxes = await runtime.listSandboxes();
    const ended = await Promise.allSettled(
      sandboxes.map(async ({ id }) => {
        await runtime.stopSandbox(id);
        await runtime.removeSandbox(id);
      }),
    );
    return [...asked, ...ended].flatMap((result) =>
      result.status === 'rejected' ? [messageOf(result.reason)] : [],
    );
  } catch (error) {
    return [messageOf(error)];
  } finally {
    runtime.close();
  }
}

const DEFAULT_GRACE_SECONDS = 30;

async function askToEnd(runtime: CriRuntime, most: number): Promise<PromiseSettledResult<void>[]> {
  const running = (await runtime.listContainers()).filter(({ state }) => state === 'running');
  return Promise.allSettled(
    running.map(({ id, annotations }) => {
      const own = Number(annotations[GRACE_ANNOTATION] ?? DEFAULT_GRACE_SECONDS);
      return runtime.stopContainer(id, Math.min(Number.isFinite(own) ? own : DEFAULT_GRACE_SECONDS, most));
    }),
  );
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
