import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SampanError } from '@sampan/base';
import { type HomeLayout, readNodeState } from '@sampan/home';
import { type BackgroundProgram, programFile, startInBackground } from './background.ts';
import { stopSoon } from './stop-process.ts';

/** Pods get their grace when they are ended. */
const END_TIMEOUT_MS = 120_000;

export const nodeProgram = (): string => programFile('node.mjs', 'node/src/main.ts');

/** Starts what runs containers in the background; resolves when the cluster knows this machine. Throws SampanErrors. */
export async function startNode(home: HomeLayout, timeoutMs: number): Promise<void> {
  await startInBackground(programOf(home), timeoutMs);
}

/** Whether containers of a home may be running: then containerd is, or was when the machine went down. */
export const mayHaveContainers = (home: HomeLayout): boolean =>
  readNodeState(home) !== undefined || existsSync(join(home.node.containerd, 'containerd.pid'));

/** Stops the node, then ends all pods, containerd and the network. Harmless when nothing runs. Throws SampanErrors. */
export async function endNode(home: HomeLayout, { now }: { readonly now: boolean }): Promise<void> {
  if (!existsSync(home.node.root)) return;
  if (process.getuid?.() !== 0) throw needsRoot(home);
  if (!mayHaveContainers(home)) return;
  const running = readNodeState(home);
  // it waits for containers that were asked to end, and they have up to half a minute or more
  if (running) await stopSoon(running);
  await startInBackground(programOf(home, '--end', ...(now ? ['--now'] : [])), END_TIMEOUT_MS);
}

/** MB. What it makes is small and short-lived; a young space for throughput would stay resident for nothing. */
const YOUNG_SPACE = '--max-semi-space-size=4';

function programOf(home: HomeLayout, ...more: readonly string[]): BackgroundProgram {
  const { startLog } = home.node;
  mkdirSync(dirname(startLog), { recursive: true });
  return {
    title: 'The node process',
    program: nodeProgram(),
    flags: [YOUNG_SPACE],
    args: [`--home=${home.root}`, ...more],
    startLog,
    logHint: 'sampan logs --node',
  };
}

function needsRoot(home: HomeLayout): SampanError {
  return new SampanError('not-permitted', `Containers of ${home.root} are root's.`, {
    hint: 'Run the command as root: sudo sampan down',
  });
}
