/**
 * `node test/differential/replay.ts`: replays the recorded requests against a running server and prints, per
 * step, what differs. See README.md.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Access } from '../../tools/upstream/kubeconfig.ts';
import { readKubeconfig } from './access.ts';
import { CORPUS_NAMES } from './corpus-name.ts';
import { replay, type StepResult } from './replay.ts';
import { printResults } from './report.ts';

const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    url: { type: 'string' },
    ca: { type: 'string' },
    cert: { type: 'string' },
    key: { type: 'string' },
    corpus: { type: 'string', default: 'all' },
    only: { type: 'string', default: '*' },
    verbose: { type: 'boolean', short: 'v', default: false },
  },
});

function access(): Access {
  const { kubeconfig, url, ca, cert, key } = values;
  if (kubeconfig !== undefined) return readKubeconfig(kubeconfig);
  if (!url || !ca || !cert || !key) {
    throw new Error('say which server: --kubeconfig FILE, or --url URL --ca FILE --cert FILE --key FILE');
  }
  const read = (file: string) => readFileSync(file, 'utf8');
  return { url, ca: read(ca), cert: read(cert), key: read(key) };
}

const target = access();
const results: StepResult[] = [];
const began = Date.now();
for (const corpus of CORPUS_NAMES) {
  if (values.corpus !== 'all' && values.corpus !== corpus) continue;
  results.push(...(await replay(corpus, target, { only: values.only })));
}
process.exitCode = printResults(results, { verbose: values.verbose }) ? 0 : 1;
console.log(`${Date.now() - began} ms`);
