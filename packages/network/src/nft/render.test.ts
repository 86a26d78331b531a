import { describe, expect, it } from 'vitest';
import { renderTakeover, renderUpdate } from './render.ts';
import { TableBuilder } from './table.ts';

const build = (make: (table: TableBuilder) => void) => {
  const table = new TableBuilder();
  make(table);
  return table.build('t');
};
const linesOf = (text: string) => text.trim().split('\n');

describe('an update of a table', () => {
  const before = build((table) => {
    table.map(
      'm',
      'type ipv4_addr : verdict',
      new Map([
        ['10.0.0.1', 'goto a'],
        ['10.0.0.2', 'goto b'],
      ]),
    );
    table.dynamicSet('aff', 'type ipv4_addr; flags dynamic,timeout; timeout 1s');
    table.chain('a', ['accept']);
    table.chain('b', ['drop']);
    table.chain('base', ['ip daddr vmap @m'], 'type filter hook forward priority 0; policy accept;');
  });

  it('is nothing when nothing differs', () => {
    expect(renderUpdate(before, before)).toBe('');
  });

  it('takes references away before what they refer to, and touches nothing else', () => {
    const after = build((table) => {
      table.map('m', 'type ipv4_addr : verdict', new Map([['10.0.0.1', 'goto c']]));
      table.dynamicSet('aff', 'type ipv4_addr; flags dynamic,timeout; timeout 1s');
      table.chain('a', ['accept']);
      table.chain('c', ['accept']);
      table.chain('base', ['ip daddr vmap @m'], 'type filter hook forward priority 0; policy accept;');
    });
    expect(linesOf(renderUpdate(before, after))).toEqual([
      'add table ip t',
      'flush chain ip t b',
      'delete element ip t m { 10.0.0.1, 10.0.0.2 }',
      'add chain ip t c',
      'add element ip t m { 10.0.0.1 : goto c }',
      'add rule ip t c accept',
      'delete chain ip t b',
    ]);
  });

  it('writes ranges anew, since they may overlap with old ones', () => {
    const ranges = (...elements: string[]) =>
      build((table) => table.set('r', 'type ipv4_addr; flags interval', elements));
    expect(linesOf(renderUpdate(ranges('10.0.0.0/8'), ranges('10.1.0.0/16')))).toEqual([
      'add table ip t',
      'flush set ip t r',
      'add element ip t r { 10.1.0.0/16 }',
    ]);
  });

  it('gives long lists of elements in pieces', () => {
    const many = build((table) =>
      table.set(
        's',
        'type inet_service',
        Array.from({ length: 1200 }, (_, i) => `${i}`),
      ),
    );
    expect(
      linesOf(renderUpdate(undefined, many)).filter((line) => line.startsWith('add element')),
    ).toHaveLength(3);
  });

  it('of a table that another process left keeps what packets filled', () => {
    const found = {
      chains: ['a', 'old'],
      sets: [
        { name: 'aff', kind: 'set' as const },
        { name: 'gone', kind: 'map' as const },
      ],
    };
    const lines = linesOf(renderTakeover(found, before));
    expect(lines).toContain('flush chain ip t a');
    expect(lines).toContain('delete chain ip t old');
    expect(lines).toContain('delete map ip t gone');
    expect(lines.filter((line) => line.includes('aff'))).toEqual([]);
  });
});
