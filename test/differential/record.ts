/**
 * `node test/differential/record.ts [core|apiextensions|all] [--only PATTERN]`: starts the upstream server,
 * sends it the corpus and writes its answers to `recorded/`. With `--check` nothing is written and the answers
 * are compared with the recorded ones (which shows what is not deterministic).
 */
import { parseArgs } from 'node:util';
import { startApiextensions } from '../../tools/upstream/apiextensions.ts';
import { startKubernetes } from '../../tools/upstream/kubernetes.ts';
import { matchesText } from './compare.ts';
import { CORPORA } from './corpus.ts';
import { CORPUS_NAMES, type CorpusName } from './corpus-name.ts';
import { pruneRecordings, writeRecording } from './recording.ts';
import { replay } from './replay.ts';
import { printResults } from './report.ts';
import { runScenario } from './run.ts';
import { Connection } from './send.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', default: '*' },
    check: { type: 'boolean', default: false },
  },
});
const asked = positionals[0] ?? 'all';
for (const corpus of CORPUS_NAMES) if (asked === 'all' || asked === corpus) await record(corpus);

async function record(corpus: CorpusName): Promise<void> {
  const upstream = corpus === 'core' ? await startKubernetes() : await startApiextensions();
  console.log(`${corpus}: upstream is ready after ${upstream.startMs} ms`);
  const began = Date.now();
  try {
    if (values.check) {
      const results = await replay(corpus, upstream, { only: values.only, dialect: 'oracle', known: false });
      process.exitCode ||= printResults(results, { verbose: false }) ? 0 : 1;
    } else {
      await writeAll(corpus, new Connection(upstream));
    }
    console.log(`${corpus}: ${Date.now() - began} ms`);
  } finally {
    await upstream.stop();
  }
}

async function writeAll(corpus: CorpusName, connection: Connection): Promise<void> {
  let steps = 0;
  for (const scenario of CORPORA[corpus]) {
    if (!matchesText(values.only, scenario.name)) continue;
    const answers = await runScenario(scenario, connection, 'oracle');
    for (const [name, { status, body }] of answers) {
      if (status === 0) throw new Error(`${scenario.name}/${name}: ${JSON.stringify(body)}`);
    }
    writeRecording(corpus, scenario, answers);
    steps += answers.size;
  }
  connection.close();
  pruneRecordings(corpus, CORPORA[corpus]);
  console.log(`${corpus}: ${steps} answers recorded`);
}
