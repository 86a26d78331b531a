import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type Asker, FAIR_LIMITS, FairQueue } from '../src/fair-queue.ts';

const asker = (cluster: string, more: Partial<Asker> = {}): Asker => ({
  cluster,
  user: 'somebody',
  isStream: false,
  perSecond: undefined,
  ...more,
});

/** Has the process busy for so long, as a large list has. */
function work(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

it('begins a request at once when nobody of its cluster waits', async () => {
  const queue = new FairQueue();
  let begun = false;
  const done = queue.run(asker('a'), async () => {
    begun = true;
  });
  expect(begun).toBe(true);
  await done;
});

it('lets other clusters in between the dear requests of one', async () => {
  const queue = new FairQueue();
  const order: string[] = [];
  const dear = async () => {
    work(10);
    order.push('dear');
  };
  const floods = Array.from({ length: 20 }, () => queue.run(asker('noisy'), dear));
  await nextTurn();
  const began = order.length;
  await queue.run(asker('other'), async () => {
    order.push('other');
  });
  expect(order.indexOf('other')).toBeLessThanOrEqual(began + 1);
  expect(order.length).toBeLessThan(20);
  await Promise.all(floods);
  expect(order.filter((who) => who === 'dear')).toHaveLength(20);
});

it('lets the users of a cluster take turns', async () => {
  const queue = new FairQueue({ ...FAIR_LIMITS, inFlight: 1 });
  const order: string[] = [];
  const ask = (user: string) =>
    queue.run(asker('a', { user }), async () => {
      order.push(user);
      await nextTurn();
    });
  await Promise.all(['many', 'many', 'many', 'many', 'few', 'third'].map(ask));
  expect(order).toEqual(['many', 'many', 'few', 'third', 'many', 'many']);
});

it('answers no more requests of a cluster at once than it may, and goes on when one is over', async () => {
  const queue = new FairQueue({ ...FAIR_LIMITS, inFlight: 2 });
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  let begun = 0;
  const all = gates.map(({ promise }) =>
    queue.run(asker('a'), () => {
      begun++;
      return promise;
    }),
  );
  for (let i = 0; i < 5; i++) await nextTurn();
  expect(begun).toBe(2);
  gates[0]?.resolve();
  await all[0];
  for (let i = 0; i < 5; i++) await nextTurn();
  expect(begun).toBe(3);
  for (const { resolve } of gates) resolve();
  await Promise.all(all);
});

it('refuses what is beyond the waiting ones, and streams beyond theirs, of this cluster only', async () => {
  const queue = new FairQueue({ ...FAIR_LIMITS, inFlight: 1, waiting: 1, streams: 1 });
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = queue.run(asker('a'), () => promise);
  const second = queue.run(asker('a'), () => promise);
  expect(() => queue.run(asker('a'), () => promise)).toThrow('too many requests');
  await queue.run(asker('b'), async () => {});
  const watch = queue.run(asker('b', { isStream: true }), () => promise);
  await nextTurn();
  await nextTurn();
  expect(() => queue.run(asker('b', { isStream: true }), () => promise)).toThrow('too many watches');
  resolve();
  await Promise.all([first, second, watch]);
});

it('keeps a cluster to its requests a second', async () => {
  const queue = new FairQueue();
  const limited = asker('a', { perSecond: 5 });
  const ask = async () => queue.run(limited, async () => {});
  const began = performance.now();
  let admitted = 0;
  for (let error: unknown; error === undefined; ) {
    error = await ask().then(
      () => undefined,
      (refusal: unknown) => refusal,
    );
    if (error === undefined) admitted++;
    else expect(String(error)).toContain('5 requests a second');
  }
  expect(admitted).toBeGreaterThanOrEqual(10);
  expect(admitted).toBeLessThanOrEqual(10 + (5 * (performance.now() - began)) / 1000);
  await new Promise((resolve) => setTimeout(resolve, 250));
  await ask();
});

it('tells whoever asks that a request failed', async () => {
  const queue = new FairQueue({ ...FAIR_LIMITS, inFlight: 1 });
  const failing = () => Promise.reject(new Error('it failed'));
  await Promise.all([
    expect(queue.run(asker('a'), failing)).rejects.toThrow('it failed'),
    expect(queue.run(asker('a'), failing)).rejects.toThrow('it failed'),
  ]);
});
