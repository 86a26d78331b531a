import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readGinkgoLog, type TestEnd } from './ginkgo-log.ts';
import { upstreamFolder } from './upstream.ts';

export interface GroupRun {
  /** Of the log: `NAME.log` in `folder`. */
  readonly name: string;
  readonly names: readonly string[];
  /** How many tests run at once. */
  readonly nodes: number;
  readonly kubeconfig: string;
  readonly folder: string;
  /** Ends the run, in milliseconds; tests that did not end are then told as such. */
  readonly timeoutMs: number;
  /** Ends the run as well. */
  readonly stopping: AbortSignal;
}

/** What ginkgo may take to write its reports once it is told to stop. */
const STOP_MS = 60_000;

/** Runs tests and tells how each ended. Failing tests are no error. */
export async function runGroup(run: GroupRun): Promise<TestEnd[]> {
  mkdirSync(run.folder, { recursive: true });
  const { programs } = upstreamFolder();
  const child = spawn(join(programs, 'ginkgo'), argumentsOf(run), {
    stdio: ['ignore', 'pipe', 'pipe'],
    // tests write what they make into the working folder and call kubectl by name
    cwd: run.folder,
    detached: true,
    env: { ...process.env, PATH: `${programs}:${process.env.PATH}` },
  });
  // ginkgo leaves the programs that it started running when it is told to end
  const signalAll = (signal: NodeJS.Signals) => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, signal);
  };
  const stop = () => signalAll('SIGINT');
  run.stopping.addEventListener('abort', stop);
  const timer = setTimeout(stop, run.timeoutMs);
  const killer = setTimeout(() => signalAll('SIGKILL'), run.timeoutMs + STOP_MS);
  const log = join(run.folder, `${run.name}.log`);
  const output = createWriteStream(log);
  child.stderr.pipe(output, { end: false });
  await pipeline(child.stdout, output);
  clearTimeout(timer);
  clearTimeout(killer);
  run.stopping.removeEventListener('abort', stop);
  return endsOf(run, readFileSync(log, 'utf8'));
}

function argumentsOf({ names, nodes, kubeconfig }: GroupRun): string[] {
  const { programs, source } = upstreamFolder();
  return [
    ...[`-nodes=${nodes}`, '-noColor', '-slowSpecThreshold=900', `-focus=${focusOn(names)}`],
    ...[join(programs, 'e2e.test'), '--', `--kubeconfig=${kubeconfig}`, `--repo-root=${source}`],
    ...['--provider=local', '--num-nodes=1', `--kubectl-path=${join(programs, 'kubectl')}`],
    ...['--kube-api-content-type=application/json', '--e2e-verify-service-account=false'],
    ...['--disable-log-dump', '--node-schedulable-timeout=2m', '--system-pods-startup-timeout=2m'],
  ];
}

/** For Go's regular expressions. */
function focusOn(names: readonly string[]): string {
  // ginkgo matches against the suite's name, a blank and the test's
  return names.map((name) => ` ${name.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)}$`).join('|');
}

function endsOf({ names, stopping }: GroupRun, text: string): TestEnd[] {
  const told = readGinkgoLog(text, names);
  if (stopping.aborted) return told;
  const ends = new Map(told.map((end) => [end.name, end]));
  return names.map((name) => ends.get(name) ?? { name, outcome: 'failed', message: 'did not end in time' });
}
