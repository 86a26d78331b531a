import { SampanError } from '@sampan/base';
import { isRunning, type RunState } from '@sampan/home';
import { waitFor } from '../wait.ts';

type Process = Pick<RunState, 'pid' | 'identity'>;

const PATIENCE_MS = 20_000;
const SHORT_PATIENCE_MS = 3000;

/** Ends a process; resolves when it is gone. What it acknowledged is on disk, so that even SIGKILL loses nothing. */
export async function stopProcess(state: Process): Promise<void> {
  if (!signal(state, 'SIGTERM')) return;
  if (await waitFor(() => !isRunning(state), PATIENCE_MS)) return;
  process.stderr.write(`The process ${state.pid} did not stop within ${PATIENCE_MS / 1000} s: killing it.\n`);
  await killProcess(state);
}

/** As `stopProcess`, for one that may wait for others that are ended next anyway, and that loses nothing when killed. */
export async function stopSoon(state: Process): Promise<void> {
  if (!signal(state, 'SIGTERM')) return;
  if (!(await waitFor(() => !isRunning(state), SHORT_PATIENCE_MS))) await killProcess(state);
}

async function killProcess(state: Process): Promise<void> {
  signal(state, 'SIGKILL');
  if (await waitFor(() => !isRunning(state), 5000)) return;
  throw new SampanError('stop-failed', `The process ${state.pid} cannot be stopped.`, {
    hint: 'It may wait for a disk that does not answer; see the kernel log (dmesg).',
  });
}

/** False when it is gone already. */
function signal({ pid }: Process, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    throw new SampanError('not-permitted', `This user may not stop the process ${pid}.`, {
      hint: 'Run the command as the user who started Sampan, or as root: sudo sampan down',
      cause: error,
    });
  }
}
