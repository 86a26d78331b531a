import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What a process of Sampan tells its parent once. */
interface Told {
  readonly type: string;
  readonly message?: string;
}

const APPS = join(import.meta.dirname, '../../apps');

/** Starts an app from its sources. Resolves when it is ready; throws with its own words when it is not. */
export async function startApp(app: string, args: readonly string[]): Promise<ChildProcess> {
  const main = join(APPS, app, 'src/main.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(([code]) => ({ type: 'failed', message: `exit code ${code}` }));
  const told: Told = await Promise.race([once(child, 'message').then(([message]) => message as Told), ended]);
  if (told.type !== 'ready') throw new Error(`the ${app} process did not start: ${told.message}`);
  return child;
}

/** Resolves when the process is gone. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

/** Runs an app that ends by itself. */
export async function runApp(app: string, args: readonly string[]): Promise<void> {
  const child = await startApp(app, args);
  if (child.exitCode === null) await once(child, 'exit');
}
