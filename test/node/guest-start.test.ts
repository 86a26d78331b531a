import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGuest, type TestGuest } from '../support/guest.ts';
import { BUSYBOX, missingForNode, startTestNode, type TestNode } from '../support/node.ts';

const WAIT = { timeout: 60_000, interval: 20 };

describe.skipIf(missingForNode() !== '')('the start of a guest cluster’s node', () => {
  let node: TestNode;
  let guest: TestGuest;
  beforeAll(async () => {
    node = await startTestNode();
    guest = await createGuest(node.sampan, node.kubectl, 'alpha');
  });
  afterAll(() => node?.stop());

  const guestsPid = (): number => {
    const children = readFileSync(`/proc/${node.sampan.pid}/task/${node.sampan.pid}/children`, 'utf8');
    const isGuests = (pid: string) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('/guests/');
    return Number(children.trim().split(' ').find(isGuests));
  };

  it.each(['one', 'two'])(
    'is given up when its API is gone, and made anew with the next: %s',
    async (name) => {
      // the first pod has the node started; its API is killed at once, and another one comes
      await guest.kubectl.run(['run', name, `--image=${BUSYBOX}`, '--', 'sleep', '1000']);
      await new Promise((resolve) => setTimeout(resolve, 400 * Math.random()));
      process.kill(guestsPid(), 'SIGKILL');
      await expect
        .poll(() => guest.kubectl.try(`get pod ${name} -o jsonpath={.status.phase}`), WAIT)
        .toMatchObject({ out: 'Running' });
      await node.kill('SIGKILL');
      await node.start();
    },
  );
});
