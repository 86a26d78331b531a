import { FakeClock, silentLogger } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import { Burst } from './burst.ts';

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe('a burst', () => {
  function setup() {
    const clock = new FakeClock();
    let runs = 0;
    const gates: PromiseWithResolvers<void>[] = [];
    const burst = new Burst(
      () => {
        runs++;
        const gate = Promise.withResolvers<void>();
        gates.push(gate);
        return gate.promise;
      },
      { clock, log: silentLogger, gatherMs: 10 },
    );
    return { clock, burst, gates, runs: () => runs };
  }

  it('waits until it is opened, then is one run for all changes', async () => {
    const { clock, burst, gates, runs } = setup();
    const done = Promise.all([burst.change(), burst.change(), burst.change()]);
    clock.advance(1000);
    expect(runs()).toBe(0);
    burst.open();
    clock.advance(0);
    expect(runs()).toBe(1);
    gates[0]?.resolve();
    await done;
  });

  it('runs once more for what changed meanwhile, never two at once', async () => {
    const { clock, burst, gates, runs } = setup();
    burst.open();
    void burst.change();
    clock.advance(10);
    const late = burst.change();
    clock.advance(1000);
    expect(runs()).toBe(1);
    gates[0]?.resolve();
    await tick();
    clock.advance(10);
    expect(runs()).toBe(2);
    gates[1]?.resolve();
    await late;
    await burst.settled();
    expect(runs()).toBe(2);
  });

  it('never runs twice at once when the task itself reports a change', async () => {
    const clock = new FakeClock();
    let running = 0;
    let most = 0;
    const burst: Burst = new Burst(
      async () => {
        most = Math.max(most, ++running);
        if (most < 2) void burst.change();
        await tick();
        running--;
      },
      { clock, log: silentLogger, gatherMs: 10 },
    );
    burst.open();
    const first = burst.change();
    clock.advance(10);
    clock.advance(10);
    await first;
    expect(most).toBe(1);
    await burst.stop();
  });

  it('tries again after a failure, and only then tells those who wait', async () => {
    const { clock, burst, gates, runs } = setup();
    burst.open();
    let isDone = false;
    const done = burst.change().then(() => {
      isDone = true;
    });
    clock.advance(10);
    gates[0]?.reject(new Error('no'));
    await tick();
    expect(isDone).toBe(false);
    clock.advance(10);
    expect(runs()).toBe(1);
    clock.advance(300);
    expect(runs()).toBe(2);
    gates[1]?.resolve();
    await done;
    await burst.stop();
    await burst.stop();
  });
});
