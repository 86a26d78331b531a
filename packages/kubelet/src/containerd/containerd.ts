import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, SampanError } from '@sampan/base';
import { CriRuntime } from '../cri/index.ts';
import { PAUSE_IMAGE } from '../image/index.ts';
import {
  type ContainerdOptions,
  type ContainerdPaths,
  containerdConfig,
  containerdPaths,
} from './containerd-config.ts';
import { ensurePauseImage } from './import-image.ts';
import { readMachineFacts } from './machine-facts.ts';
import { commandLine, endProcess } from './processes.ts';
import { endAllPods, endShims, unmountBelow } from './tear-down.ts';

const START_TIMEOUT_MS = 30_000;
/** sockaddr_un's path, with its final zero. */
const LONGEST_SOCKET_PATH = 107;

/** A containerd of our own: its process outlives this one, and is found again by the next `startContainerd`. */
export interface Containerd {
  readonly socket: string;
  /** Whether it ran already. */
  readonly adopted: boolean;
  readonly pid: number;
  /** False once the process is gone, by whatever cause. */
  running(): Promise<boolean>;
  /**
   * `leave`: containers run on without it. `end`: all pods are ended and forgotten first, then what it mounted is
   * unmounted; images stay. `graceSeconds`: what containers have at most to end by themselves, default 0. What fails is told at the end (`containerd-left-pods`). May be called twice.
   */
  stop(containers: 'leave' | 'end', graceSeconds?: number): Promise<void>;
}

/**
 * Starts containerd with everything of it below `options.folder`, or adopts the one that runs there already (with the
 * configuration it was started with). Returns when it answers and has the pause image. Throws SampanError.
 */
export async function startContainerd(options: ContainerdOptions): Promise<Containerd> {
  const paths = containerdPaths(options);
  checkSocketPath(paths.socket);
  const old = await runningPid(paths);
  const pid = old ?? (await launch(options, paths));
  await waitUntilAnswers(paths, pid);
  await ensurePauseImage(paths.socket);
  return {
    socket: paths.socket,
    adopted: old !== undefined,
    pid,
    running: async () => (await runningPid(paths)) === pid,
    stop: (containers, graceSeconds = 0) => stop(paths, pid, containers, graceSeconds),
  };
}

function checkSocketPath(path: string): void {
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return;
  throw new SampanError(
    'containerd-folder-too-long',
    `a socket's path has at most ${LONGEST_SOCKET_PATH} bytes: ${path}`,
    {
      hint: 'Use a home with a shorter path.',
    },
  );
}

/** The containerd that runs with this folder's configuration. A pid that another program has by now does not count. */
async function runningPid(paths: ContainerdPaths): Promise<number | undefined> {
  const pid = Number(await readFile(paths.pid, 'utf8').catch(() => ''));
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return (await commandLine(pid)).includes(paths.config) ? pid : undefined;
}

async function launch(options: ContainerdOptions, paths: ContainerdPaths): Promise<number> {
  const facts = await readMachineFacts(options.cniBinFolder);
  for (const folder of [options.folder, options.cniConfFolder, paths.registries]) {
    await mkdir(folder, { recursive: true, mode: 0o711 });
  }
  await writeFile(paths.config, containerdConfig(options, facts, PAUSE_IMAGE));
  await rm(paths.socket, { force: true });
  const log = await open(paths.log, 'a', 0o600);
  try {
    const child = spawn(options.binary ?? 'containerd', ['--config', paths.config], {
      cwd: '/',
      detached: true,
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', log.fd, log.fd],
    });
    const pid = await spawned(child);
    await writeFile(paths.pid, `${pid}\n`);
    return pid;
  } finally {
    await log.close();
  }
}

function spawned(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      reject(
        new SampanError(
          missing ? 'containerd-missing' : 'containerd-failed',
          `cannot run containerd: ${error.message}`,
          {
            hint: 'Install it: apt-get install containerd runc',
            cause: error,
          },
        ),
      );
    });
    child.once('spawn', () => {
      child.unref();
      resolve(child.pid ?? 0);
    });
  });
}

async function waitUntilAnswers(paths: ContainerdPaths, pid: number): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  let last = 'no socket yet';
  while (performance.now() < deadline) {
    if (!(await commandLine(pid)).length) throw failed(`containerd ended at once; see ${paths.log}`);
    // to try before the socket is there would cost a reconnection's pause
    if (await stat(paths.socket).catch(() => undefined)) {
      const runtime = new CriRuntime(paths.socket);
      try {
        if ((await runtime.conditions()).ready) return;
      } catch (error) {
        last = messageOf(error);
      } finally {
        runtime.close();
      }
    }
    await delay(10);
  }
  throw failed(`containerd does not answer (${last}); see ${paths.log}`);
}

function failed(message: string): SampanError {
  return new SampanError('containerd-failed', message, { hint: 'Its log says why.' });
}

async function stop(
  paths: ContainerdPaths,
  pid: number,
  containers: 'leave' | 'end',
  graceSeconds: number,
): Promise<void> {
  const failures: string[] = [];
  if ((await runningPid(paths)) === pid) {
    if (containers === 'end') failures.push(...(await endAllPods(paths.socket, graceSeconds)));
    await endProcess(pid, 10_000);
    await rm(paths.pid, { force: true });
  }
  if (containers === 'leave') return;
  await endShims(paths.socket, paths.state);
  await unmountBelow(paths.state, paths.root);
  if (failures.length === 0) return;
  throw new SampanError(
    'containerd-left-pods',
    `containers were ended, but not all of it went well: ${failures.join('; ')}`,
    {
      hint: 'Networks of pods may be left over; the next start and stop forget them.',
    },
  );
}
