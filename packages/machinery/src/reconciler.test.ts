import { FakeClock, silentLogger } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import { Reconciler, type ReconcilerOptions } from './reconciler.ts';

const settle = () => new Promise(setImmediate);

function make(reconcile: ReconcilerOptions['reconcile'], more: Partial<ReconcilerOptions> = {}) {
  const clock = new FakeClock();
  const warnings: string[] = [];
  const log = { ...silentLogger, warn: (message: string) => warnings.push(message) };
  const reconciler = new Reconciler({ name: 'test', clock, log, reconcile, ...more });
  return { clock, reconciler, warnings };
}

describe('a reconciler', () => {
  it('works on as many keys at once as it has workers, and on each key alone', async () => {
    let running = 0;
    let most = 0;
    const ends: (() => void)[] = [];
    const { reconciler } = make(
      async () => {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => ends.push(resolve));
        running--;
        return undefined;
      },
      { workers: 2 },
    );
    for (const key of ['a', 'b', 'c', 'a']) reconciler.enqueue(key);
    expect(running).toBe(0);
    reconciler.start();
    reconciler.enqueue('a');
    while (ends.length > 0) {
      ends.shift()?.();
      await settle();
    }
    expect(most).toBe(2);
    expect(reconciler.idle).toBe(true);
  });

  it('tries again what throws, and says so', async () => {
    let calls = 0;
    const { clock, reconciler, warnings } = make(async () => {
      if (++calls < 3) throw new Error('not yet');
      return undefined;
    });
    reconciler.start();
    reconciler.enqueue('a');
    await settle();
    clock.advance(5);
    await settle();
    clock.advance(10);
    await settle();
    clock.advance(100_000);
    expect(calls).toBe(3);
    expect(warnings).toHaveLength(2);
  });

  it('comes back when a reconcile asks for it', async () => {
    let calls = 0;
    const { clock, reconciler } = make(async () => (++calls === 1 ? { afterMs: 1000 } : undefined));
    reconciler.start();
    reconciler.enqueue('a');
    await settle();
    clock.advance(999);
    await settle();
    expect(calls).toBe(1);
    clock.advance(1);
    await settle();
    expect(calls).toBe(2);
  });

  it('finishes what it began before it has stopped, and begins nothing more', async () => {
    const gate = Promise.withResolvers<void>();
    const worked: string[] = [];
    const { reconciler } = make(
      async (key) => {
        await gate.promise;
        worked.push(key);
        return undefined;
      },
      { workers: 1 },
    );
    reconciler.start();
    reconciler.enqueue('a');
    reconciler.enqueue('b');
    let stopped = false;
    const stopping = reconciler.stop().then(() => {
      stopped = true;
    });
    await settle();
    expect(stopped).toBe(false);
    gate.resolve();
    await stopping;
    expect(worked).toEqual(['a']);
  });
});
