import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { renderObject } from '../registry/encoding.ts';
import { StreamEvent } from '../registry/watch.ts';
import { type Outlet, openOutlet } from './watch-pace.ts';

const event = new StreamEvent(
  'ADDED',
  renderObject({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' } }),
);

function outlets(count: number): { all: Outlet[]; written: number[] } {
  const written: number[] = [];
  const all = Array.from({ length: count }, () => openOutlet((batches) => written.push(batches.length)));
  return { all, written };
}

describe('the pace of watchers', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('tells a few watchers at once, each time', () => {
    const { all, written } = outlets(2);
    for (let n = 0; n < 3; n++) for (const outlet of all) outlet.send([event]);
    expect(written).toEqual([1, 1, 1, 1, 1, 1]);
    for (const outlet of all) outlet.close();
  });

  it('tells many watchers of the first change at once, and of those that follow together', () => {
    const { all, written } = outlets(100);
    for (let n = 0; n < 5; n++) for (const outlet of all) outlet.send([event]);
    expect(written).toEqual(Array(100).fill(1));
    vi.advanceTimersByTime(10);
    expect(written.slice(100)).toEqual(Array(100).fill(4));
    for (const outlet of all) outlet.close();
  });

  it('writes what waits before it closes', () => {
    const { all, written } = outlets(100);
    const [first] = all;
    first?.send([event]);
    first?.send([event]);
    first?.close();
    expect(written).toEqual([1, 1]);
    for (const outlet of all) outlet.close();
  });
});
