/** The differential test as a Vitest suite, for any way to start our server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Access } from '../../tools/upstream/kubeconfig.ts';
import { CORPORA } from './corpus.ts';
import { CORPUS_NAMES } from './corpus-name.ts';
import { replay } from './replay.ts';
import { describe as describeStep } from './report.ts';

/** A server of ours; `stop` ends it. */
export interface Started extends Access {
  stop(): Promise<void>;
}

const SCENARIO_TIMEOUT_MS = 60_000;

/** One test per scenario of both corpora, on one server. */
export function differentialSuite(start: () => Promise<Started>): void {
  describe('Sampan answers as upstream does', () => {
    let server: Started;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());

    for (const corpus of CORPUS_NAMES) {
      for (const { name } of CORPORA[corpus]) {
        it(
          `in ${corpus}: ${name}`,
          async () => {
            const results = await replay(corpus, server, { only: name });
            const failed = results.filter(({ differences }) => differences.length > 0);
            expect(failed.map((result) => describeStep(result)).join('\n')).toBe('');
          },
          SCENARIO_TIMEOUT_MS,
        );
      }
    }
  });
}
