import { SampanError } from '@sampan/base';
import { createHome, defaultHome, type HomeLayout, type RunState, readRunState } from '@sampan/home';
import type { Invocation } from '../command.ts';
import { apiUrl } from '../endpoint.ts';
import { usage } from '../parse.ts';
import { asCalled } from '../program-name.ts';
import { type StartOptions, serverArguments, serverProgram, startInBackground } from '../server-process.ts';
import { waitFor } from '../wait.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { home, port, options } = invocation;
  const timeoutMs = timeoutOf(options.timeout);
  createHome(home.root);
  const running = readRunState(home);
  if (running) return await alreadyRunning(invocation, running, timeoutMs);
  const listen = typeof options.listen === 'string' ? options.listen : undefined;
  const start: StartOptions = { home, port, listen, legacyApis: options['legacy-apis'] === true };
  if (options.foreground === true) return await runInForeground(start, invocation.environment);
  return await runInBackground(invocation, start, timeoutMs);
}

async function runInBackground(
  invocation: Invocation,
  start: StartOptions,
  timeoutMs: number,
): Promise<number> {
  const { home } = invocation;
  const began = performance.now();
  if (process.stderr.isTTY) process.stderr.write('Starting Sampan …\n');
  try {
    const { port, portTaken } = await startInBackground(start, timeoutMs);
    if (portTaken !== undefined) {
      process.stderr.write(`Port ${portTaken} is taken by another program: using ${port} from now on.\n`);
    }
    const ms = Math.round(performance.now() - began);
    process.stdout.write(`Sampan is ready at ${apiUrl(home, readRunState(home), port)} (${ms} ms).\n`);
    process.stdout.write(nextSteps(home, invocation));
    return 0;
  } catch (error) {
    // another "up" was quicker; both want the same
    const other =
      error instanceof SampanError && error.code === 'home-locked' ? await appears(home) : undefined;
    if (!other) throw error;
    return await alreadyRunning(invocation, other, timeoutMs);
  }
}

async function appears(home: HomeLayout): Promise<RunState | undefined> {
  await waitFor(() => readRunState(home) !== undefined, 5000);
  return readRunState(home);
}

async function alreadyRunning(invocation: Invocation, running: RunState, timeoutMs: number): Promise<number> {
  const { home, port } = invocation;
  if (port !== undefined && port !== running.port) {
    throw new SampanError(
      'runs-on-other-port',
      `Sampan runs on port ${running.port} already, not on ${port}.`,
      {
        hint: `Stop it first: sampan down; then: sampan up --port ${port}`,
      },
    );
  }
  const isReady = await waitFor(() => readRunState(home)?.state === 'ready', timeoutMs);
  if (!isReady) {
    throw new SampanError('start-timeout', `The process ${running.pid} is still starting, or ended.`, {
      hint: 'See: sampan logs',
    });
  }
  process.stdout.write(`Sampan runs already, at ${apiUrl(home, running)}.\n${nextSteps(home, invocation)}`);
  return 0;
}

/** In this process: no second one to pay for, and signals reach it. */
async function runInForeground(start: StartOptions, environment: NodeJS.ProcessEnv): Promise<number> {
  const { main } = (await import(serverProgram())) as {
    main(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<void>;
  };
  await main([...serverArguments(start), '--foreground'], environment);
  return Number(process.exitCode ?? 0);
}

function nextSteps(home: HomeLayout, { environment }: Invocation): string {
  const flag = environment.SAMPAN_HOME || isDefault(home) ? '' : ` --home ${home.root}`;
  const steps = `
Next:
  sampan${flag} kubectl get all -A        look around
  sampan${flag} status                    see what runs
  sampan${flag} kubeconfig                use your own kubectl, Helm or client
  sampan${flag} down                      stop; everything stays in ${home.root}
`;
  return asCalled(steps, environment);
}

const isDefault = (home: HomeLayout): boolean => home.root === defaultHome();

function timeoutOf(value: unknown): number {
  if (value === undefined) return 60_000;
  const seconds = Number(value);
  if (Number.isFinite(seconds) && seconds > 0) return seconds * 1000;
  throw usage(
    `${JSON.stringify(value)} is not a time.`,
    'Give a number of seconds, for example: --timeout 120',
  );
}
