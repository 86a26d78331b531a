import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ENGINE = `const { countBuffersAsHeap } = await import(process.argv[1]); countBuffersAsHeap(8);`;

it('asks nothing of the engine that it does not know', () => {
  const run = (program: string) =>
    spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', program, join(import.meta.dirname, 'outside-memory.ts')],
      { encoding: 'utf8' },
    );
  // how the engine says so
  expect(run(`import v8 from 'node:v8'; v8.setFlagsFromString('--no-such-thing');`).stderr).toContain('such');
  expect(run(ENGINE)).toMatchObject({ status: 0, stderr: '' });
});
