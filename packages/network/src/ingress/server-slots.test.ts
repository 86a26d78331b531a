import { describe, expect, it } from 'vitest';
import { assignSlots, slotCommands } from './server-slots.ts';

const endpoint = (n: number) => ({ ip: `10.244.0.${n}`, port: 80 });

describe('the places of endpoints in the proxy', () => {
  it('stay with those that stay, are filled again, and become more only when there are too few', () => {
    const one = assignSlots([], [1, 2, 3].map(endpoint));
    expect(one).toEqual([endpoint(1), endpoint(2), endpoint(3), undefined]);
    const two = assignSlots(one, [3, 4, 5].map(endpoint));
    expect(two).toEqual([endpoint(4), endpoint(5), endpoint(3), undefined]);
    const many = assignSlots(two, [1, 2, 3, 4, 5].map(endpoint));
    expect(many.length).toBe(8);
    expect(many.slice(0, 3)).toEqual(two.slice(0, 3));
    expect(assignSlots(many, []).length).toBe(8);
  });

  it('change by commands: who comes first is there before who goes is gone', () => {
    const before = new Map([['b', [endpoint(1), endpoint(2), undefined]]]);
    const after = new Map([['b', [undefined, endpoint(2), endpoint(3)]]]);
    expect(slotCommands(before, after)).toEqual([
      'set server b/s2 addr 10.244.0.3 port 80',
      'set server b/s2 state ready',
      'set server b/s0 state maint',
    ]);
    expect(slotCommands(after, after)).toEqual([]);
  });
});
