import { FakeClock } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import { Alarms } from './alarms.ts';

function setUp() {
  const clock = new FakeClock();
  const start = clock.now();
  const rung: string[] = [];
  const alarms = new Alarms(clock, (name) => rung.push(name));
  return { clock, start, rung, alarms };
}

describe('alarms', () => {
  it('ring in order of their times, and once', () => {
    const { clock, start, rung, alarms } = setUp();
    for (const [name, ms] of [
      ['c', 30],
      ['a', 10],
      ['d', 40],
      ['b', 20],
    ] as const)
      alarms.set(name, start + ms);
    clock.advance(25);
    expect(rung).toEqual(['a', 'b']);
    clock.advance(1000);
    expect(rung).toEqual(['a', 'b', 'c', 'd']);
  });

  it('ring at the last time that was set, and not when they were deleted', () => {
    const { clock, start, rung, alarms } = setUp();
    alarms.set('a', start + 10);
    alarms.set('a', start + 50);
    alarms.set('b', start + 20);
    alarms.delete('b');
    clock.advance(40);
    expect(rung).toEqual([]);
    clock.advance(10);
    expect(rung).toEqual(['a']);
  });

  it('may be set anew when they ring, and wait for years', () => {
    const clock = new FakeClock();
    const start = clock.now();
    const rung: number[] = [];
    const alarms: Alarms = new Alarms(clock, (name) => {
      rung.push(clock.now() - start);
      if (rung.length < 3) alarms.set(name, clock.now() + 100);
    });
    alarms.set('a', start + 100);
    clock.advance(1000);
    expect(rung).toEqual([100, 200, 300]);
    alarms.set('late', start + 10 * 365 * 86_400_000);
    clock.advance(10 * 365 * 86_400_000);
    expect(rung).toHaveLength(4);
  });

  it('come as a sorted list would tell, whatever is set and deleted', () => {
    const { clock, start, rung, alarms } = setUp();
    const wanted = new Map<string, number>();
    let seed = 7;
    const random = (most: number) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed % most;
    };
    for (let step = 0; step < 2000; step++) {
      const name = `n${random(300)}`;
      if (random(4) === 0) {
        alarms.delete(name);
        wanted.delete(name);
      } else {
        const at = start + 1 + random(100_000);
        alarms.set(name, at);
        wanted.set(name, at);
      }
    }
    clock.advance(100_001);
    const times = rung.map((name) => wanted.get(name) ?? 0);
    expect(times).toEqual([...wanted.values()].toSorted((a, b) => a - b));
    expect(new Set(rung)).toEqual(new Set(wanted.keys()));
  });
});
