import { FakeClock } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import { WorkQueue } from './work-queue.ts';

describe('a work queue', () => {
  it('holds a key once, in the order of the first add', () => {
    const queue = new WorkQueue(new FakeClock());
    for (const key of ['a', 'b', 'a']) queue.add(key);
    expect([queue.take(), queue.take(), queue.take()]).toEqual(['a', 'b', undefined]);
  });

  it('gives a key again only when its work is done', () => {
    const queue = new WorkQueue(new FakeClock());
    queue.add('a');
    queue.take();
    queue.add('a');
    queue.add('a');
    expect(queue.take()).toBeUndefined();
    queue.done('a');
    expect(queue.take()).toBe('a');
    queue.done('a');
    expect(queue.take()).toBeUndefined();
  });

  it('waits twice as long after each failure, up to a limit, until the key is forgotten', () => {
    const queue = new WorkQueue(new FakeClock());
    const pauses = Array.from({ length: 20 }, () => {
      const pause = queue.addRateLimited('a');
      return pause;
    });
    expect(pauses.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(pauses.at(-1)).toBe(1_000_000);
    queue.forget('a');
    expect(queue.addRateLimited('a')).toBe(5);
  });

  it('adds later keys at the earliest of their times, once', () => {
    const clock = new FakeClock();
    const queue = new WorkQueue(clock);
    queue.addAfter('a', 100);
    queue.addAfter('a', 50);
    queue.addAfter('a', 200);
    clock.advance(49);
    expect(queue.take()).toBeUndefined();
    clock.advance(1);
    expect(queue.take()).toBe('a');
    queue.done('a');
    clock.advance(1000);
    expect(queue.take()).toBeUndefined();
  });

  it('takes nothing more once it is closed', () => {
    const clock = new FakeClock();
    const queue = new WorkQueue(clock);
    queue.addAfter('a', 10);
    queue.close();
    queue.add('b');
    clock.advance(100);
    expect(queue.take()).toBeUndefined();
  });
});
