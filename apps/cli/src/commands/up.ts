import { SampanError } from '@sampan/base';
import { createHome, type HomeLayout, type RunState, readNodeState, readRunState } from '@sampan/home';
import { withCluster } from '../cluster.ts';
import type { Invocation } from '../command.ts';
import { missingPackages } from '../doctor/packages.ts';
import { apiUrl } from '../endpoint.ts';
import { nextSteps } from '../next-steps.ts';
import { startNode } from '../processes/node-process.ts';
import {
  type Started,
  type StartOptions,
  serverArguments,
  serverProgram,
  startOptions,
  startServer,
} from '../processes/server-process.ts';
import { asCalled } from '../program-name.ts';
import { progress } from '../progress.ts';
import { secondsOf } from '../values.ts';
import { waitFor } from '../wait.ts';

const USUAL_TIMEOUT_SECONDS = 60;

export async function run(invocation: Invocation): Promise<number> {
  const { home, options } = invocation;
  const timeoutMs = secondsOf('timeout', options.timeout, USUAL_TIMEOUT_SECONDS) * 1000;
  createHome(home.root);
  const running = readRunState(home);
  const start = startOptions(invocation);
  if (!running && options.foreground === true) return await runInForeground(start, invocation.environment);
  if (running) await alreadyRunning(invocation, running, timeoutMs);
  else await startFirst(invocation, start, timeoutMs);
  const hasNode = await upNode(invocation, timeoutMs);
  const sample = hasNode && options['no-sample'] !== true ? await upSample(invocation, timeoutMs) : undefined;
  process.stdout.write(
    nextSteps(invocation, { hasNode, hubPort: readRunState(invocation.home)?.hubPort, sample }),
  );
  return 0;
}

async function startFirst(invocation: Invocation, start: StartOptions, timeoutMs: number): Promise<void> {
  const { home } = invocation;
  const began = performance.now();
  progress('Starting Sampan');
  try {
    const { port, portTaken, hub } = await startServer(start, timeoutMs);
    if (portTaken !== undefined) {
      process.stderr.write(`Port ${portTaken} is taken by another program: using ${port} from now on.\n`);
    }
    const ms = Math.round(performance.now() - began);
    process.stdout.write(`Sampan is ready at ${apiUrl(home, readRunState(home), port)} (${ms} ms).\n`);
    if (hub) tellHub(hub);
  } catch (error) {
    // another "up" was quicker; both want the same
    const other = isLocked(error) ? await appears(() => readRunState(home)) : undefined;
    if (!other) throw error;
    await alreadyRunning(invocation, other, timeoutMs);
  }
}

function tellHub({ port, portTaken, failure }: NonNullable<Started['hub']>): void {
  if (portTaken !== undefined) {
    process.stderr.write(
      `Port ${portTaken} is taken by another program: the registry uses ${port} from now on.\n`,
    );
  }
  process.stdout.write(
    port === undefined
      ? `The registry does not run: ${failure} See: sampan logs --hub\n`
      : `The registry is at localhost:${port}.\n`,
  );
}

const isLocked = (error: unknown): boolean => error instanceof SampanError && error.code === 'home-locked';

async function appears<T>(look: () => T | undefined): Promise<T | undefined> {
  await waitFor(() => look() !== undefined, 5000);
  return look();
}

async function alreadyRunning(
  { home, port }: Invocation,
  running: RunState,
  timeoutMs: number,
): Promise<void> {
  if (port !== undefined && port !== running.port) {
    throw new SampanError(
      'runs-on-other-port',
      `Sampan runs on port ${running.port} already, not on ${port}.`,
      { hint: `Stop it first: sampan down; then: sampan up --port ${port}` },
    );
  }
  if (!(await waitFor(() => readRunState(home)?.state === 'ready', timeoutMs))) {
    throw new SampanError('start-timeout', `The process ${running.pid} is still starting, or ended.`, {
      hint: 'See: sampan logs',
    });
  }
  process.stdout.write(`Sampan runs already, at ${apiUrl(home, running)}.\n`);
}

/** Makes this machine run containers, where it can; says what is missing where it cannot. */
async function upNode({ home, options, environment }: Invocation, timeoutMs: number): Promise<boolean> {
  if (options['no-node'] === true) return false;
  const lacking = lackingForContainers(environment);
  if (lacking) {
    process.stdout.write(asCalled(`\n${lacking}\n`, environment));
    return false;
  }
  const began = performance.now();
  if (readNodeState(home)) {
    await nodeReady(home, timeoutMs);
    return true;
  }
  progress('Starting containers');
  try {
    await startNode(home, timeoutMs);
    const ms = Math.round(performance.now() - began);
    process.stdout.write(`This machine runs containers (${ms} ms).\n`);
  } catch (error) {
    if (!isLocked(error) || !(await appears(() => readNodeState(home)))) throw withoutNode(error);
    await nodeReady(home, timeoutMs);
  }
  return true;
}

/** The same, and that the rest goes on. */
function withoutNode(error: unknown): unknown {
  if (!(error instanceof SampanError)) return error;
  const { code, message, hint } = error;
  return new SampanError(code, `Containers do not run: ${message}`, {
    hint: `${hint ? `${hint}\n` : ''}The API runs all the same. To leave containers out: sampan up --no-node`,
    cause: error,
  });
}

async function nodeReady(home: HomeLayout, timeoutMs: number): Promise<void> {
  if (await waitFor(() => readNodeState(home)?.state === 'ready', timeoutMs)) return;
  throw new SampanError('start-timeout', 'The node process is still starting, or ended.', {
    hint: 'See: sampan logs --node',
  });
}

function lackingForContainers(environment: NodeJS.ProcessEnv): string | undefined {
  const missing = missingPackages(environment.PATH).filter(({ optional }) => !optional);
  const programs = missing.map(({ name }) => name).join(', ');
  if (process.getuid?.() !== 0) {
    const too = programs && `, and these programs: ${programs}`;
    return `Containers do not run: that needs root${too}. The rest works.
To have containers: sudo sampan doctor --fix && sudo sampan up`;
  }
  if (missing.length === 0) return undefined;
  return `Containers do not run: these programs are missing: ${programs}. The rest works.
To have containers: sampan doctor --fix && sampan up`;
}

async function upSample(invocation: Invocation, timeoutMs: number): Promise<string | undefined> {
  progress('Waiting for the sample application');
  const { runSample } = await import('../sample/sample.ts');
  return await withCluster(invocation, (cluster) => runSample(cluster, invocation, timeoutMs));
}

/** In this process: no second one to pay for, and signals reach it. Containers are run by another command. */
async function runInForeground(start: StartOptions, environment: NodeJS.ProcessEnv): Promise<number> {
  const { main } = (await import(serverProgram())) as {
    main(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<void>;
  };
  await main([...serverArguments(start), '--foreground'], environment);
  return Number(process.exitCode ?? 0);
}
