/**
 * `make conformance [FOCUS=…] [NODES=…] [MINUTES=…]`: upstream's conformance tests of Kubernetes 1.20 against Sampan.
 *
 *     node tools/conformance/main.ts [--focus REGEX] [--nodes N] [--minutes N] [--home HOME] [--once] [--rest]
 *
 * Needs root, Debian and, once, 15 minutes to build upstream. Logs and results stay in build/conformance; the list goes
 * into docs/conformance.md. Exit code 1 when a test failed.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { installDebianPackages } from '../ci/debian-packages.ts';
import { buildImages } from './build-images.ts';
import { type GroupOfTests, groupTests } from './groups.ts';
import { findTested, loadImages, startTested, type TestedSampan } from './home.ts';
import { reasonWhyNot } from './not-applicable.ts';
import { type Options, parseOptions } from './options.ts';
import { conformanceDocument, countResults } from './report.ts';
import { type Results, readResults, writeResults } from './results.ts';
import { runGroup } from './run-group.ts';
import { conformanceTests } from './test-names.ts';
import { buildUpstream } from './upstream.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'build/conformance');
const RESULTS = join(FOLDER, 'results.json');
const DOCUMENT = join(ROOT, 'docs/conformance.md');
/** More at once would disturb each other again. */
const NODES_AGAIN = 2;

interface Run {
  readonly options: Options;
  readonly sampan: TestedSampan;
  readonly results: Results;
  /** Of `performance.now()`. */
  readonly deadline: number;
  /** The caller wants to end: what was found stays, the home goes. */
  readonly stopping: AbortSignal;
}

async function main(options: Options): Promise<number> {
  const deadline = performance.now() + options.minutes * 60_000;
  const missing = installDebianPackages(['mmdebstrap']);
  if (missing.length > 0) throw new Error(`not installed: ${missing.join(' ')} (apt-get, as root)`);
  buildUpstream();
  mkdirSync(FOLDER, { recursive: true });
  const all = conformanceTests();
  const results = readResults(RESULTS);
  const wanted = (name: string) => !options.rest || results.get(name)?.outcome !== 'passed';
  const chosen = all.filter((name) => (options.focus?.test(name) ?? true) && wanted(name));
  const archives = buildImages(join(FOLDER, 'images'));
  const sampan = options.home === undefined ? await startTested() : findTested(options.home);
  const run: Run = { options, sampan, results, deadline, stopping: whenToldToEnd() };
  try {
    await loadImages(sampan.socket, archives);
    for (const group of groupTests(chosen)) await runOnce(run, group);
    if (options.again) await runFailedAgain(run, chosen);
  } finally {
    await sampan.end();
  }
  writeFileSync(DOCUMENT, conformanceDocument(all, run.results, machine()));
  const counts = countResults(chosen, run.results);
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.notApplicable} not applicable`);
  return counts.failed + counts.notRun === 0 ? 0 : 1;
}

async function runOnce(run: Run, group: GroupOfTests): Promise<void> {
  const nodes = group.serial ? 1 : Math.min(run.options.nodes, group.names.length);
  await runTests(run, group.name, group.names, nodes, false);
}

/** Under load, a test may miss its own time limit. Those that cannot pass here are not tried twice. */
async function runFailedAgain(run: Run, chosen: readonly string[]): Promise<void> {
  const failed = chosen.filter(
    (name) => run.results.get(name)?.outcome === 'failed' && reasonWhyNot(name) === undefined,
  );
  for (const group of groupTests(failed)) {
    await runTests(run, `${group.name}-again`, group.names, group.serial ? 1 : NODES_AGAIN, true);
  }
}

async function runTests(
  run: Run,
  name: string,
  names: readonly string[],
  nodes: number,
  again: boolean,
): Promise<void> {
  const timeoutMs = run.deadline - performance.now();
  if (timeoutMs <= 0 || run.stopping.aborted) return;
  console.log(`${name}: ${names.length} tests, ${nodes} at once; see build/conformance/${name}.log`);
  const { stopping, sampan } = run;
  const ends = await runGroup({
    name,
    names,
    nodes,
    kubeconfig: sampan.kubeconfig,
    folder: FOLDER,
    timeoutMs,
    stopping,
  });
  const at = new Date().toISOString();
  for (const end of ends) {
    if (end.outcome !== 'passed') console.log(`  ${end.outcome}: ${end.name}\n    ${end.message}`);
    run.results.set(end.name, { ...end, at, again });
  }
  writeResults(RESULTS, run.results);
}

function whenToldToEnd(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  return stopping.signal;
}

function machine(): string {
  const [processor] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${processor?.model.trim()}, ${memory} GB, Linux ${release()}, Node ${process.version}`;
}

process.exitCode = await main(parseOptions(process.argv.slice(2), process.env));
