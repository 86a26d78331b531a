import { silentLogger } from '@sampan/base';
import { afterEach, expect, test } from 'vitest';
import { KeptProcess } from '../../apps/server/src/processes/kept-process.ts';

/** Tells of what it does before it is ready. */
const EAGER = `
process.send({ kind: 'event', args: ['dev', { phase: 'awake' }] });
setTimeout(() => process.send({ kind: 'ready', port: 7 }), 100);
process.once('disconnect', () => process.exit());
`;

let kept: KeptProcess<unknown[], { readonly port: number }>;
afterEach(() => kept.stop());

test('a process is ready when it says so, whatever it tells before', async () => {
  kept = new KeptProcess({
    name: 'guests',
    log: silentLogger,
    args: () => [],
    // in place of the program, which it gets as arguments
    launcher: () => [process.execPath, '--eval', EAGER, '--'],
    attach: (child) => {
      const heard: unknown[] = [];
      child.on('message', (message) => heard.push(message));
      return heard;
    },
    detach: () => {},
    restarted: () => {},
  });
  const { line, ready } = await kept.start();
  expect(ready).toEqual({ port: 7 });
  expect(line).toMatchObject([{ kind: 'event' }, { kind: 'ready' }]);
});
