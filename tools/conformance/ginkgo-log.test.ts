import { expect, it } from 'vitest';
import { readGinkgoLog } from './ginkgo-log.ts';

const DASHES = '-'.repeat(30);
const LOG = `Running Suite
${DASHES}
STEP: something
Nov 22 15:13:12.974: INFO: told on the way
•
${DASHES}
{"msg":"PASSED [sig-a] Boats should \\"float\\" [Conformance]","total":-1,"completed":1,"skipped":2,"failed":0}

SSSSSS
${DASHES}
• Failure [0.612 seconds]
[sig-a] Boats
/src/framework.go:624
  should sail [Conformance] [It]
  /src/framework.go:629

  Nov 22 15:33:22.382: failed to set sail
  Unexpected error:
      <*errors.StatusError | 0xc002948000>: {
          Code: 409,
      }
      the object has been modified
  occurred

  /src/boats.go:1010
${DASHES}
S
${DASHES}
{"msg":"FAILED [sig-a] Boats should sail [Conformance]","total":-1,"completed":1,"skipped":2,"failed":1}
${DASHES}
S [SKIPPING] in Spec Setup (BeforeEach) [0.010 seconds]
[sig-a] Boats
/src/framework.go:624
  should meet [Conformance] [BeforeEach]
  /src/framework.go:629

  Requires at least 2 nodes (not 1)

  /src/skipper/skipper.go:64
${DASHES}
`;
const NAMES = ['float', 'sail', 'meet'].map((verb) => `[sig-a] Boats should ${verb} [Conformance]`);

it('tells of each test how it ended, and why', () => {
  expect(readGinkgoLog(LOG, NAMES)).toEqual([
    { name: '[sig-a] Boats should "float" [Conformance]', outcome: 'passed', message: '' },
    {
      name: '[sig-a] Boats should sail [Conformance]',
      outcome: 'failed',
      message: 'failed to set sail the object has been modified',
    },
    {
      name: '[sig-a] Boats should meet [Conformance]',
      outcome: 'skipped',
      message: 'Requires at least 2 nodes (not 1)',
    },
  ]);
});

it('reads what was written until a run was ended', () => {
  expect(readGinkgoLog(LOG.slice(0, LOG.indexOf('• Failure')), NAMES)).toHaveLength(1);
});

it('reads what is printed where tests run one at a time', () => {
  const alone = `${DASHES}\nSTEP: something\n•{"msg":"PASSED ${NAMES[1]}","total":8,"completed":1}\nSSSS\n${DASHES}\n`;
  expect(readGinkgoLog(alone, NAMES)).toEqual([{ name: NAMES[1], outcome: 'passed', message: '' }]);
});
