import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../src/command.ts';
import { NftApplier } from '../src/nft/nft-applier.ts';
import { type NftTable, TableBuilder } from '../src/nft/table.ts';
import { labName, whyNoLab } from './lab.ts';
import { randomOf } from './random-policies.ts';

const why = whyNoLab();

describe.skipIf(why !== undefined)('tables in the kernel', () => {
  const names = [labName('nfa'), labName('nfb')];
  const [walked = '', fresh = ''] = names.map((name) => `/run/netns/${name}`);

  beforeAll(async () => {
    for (const name of names) await run('ip', ['netns', 'add', name]);
  });
  afterAll(async () => {
    for (const name of names) await run('ip', ['netns', 'delete', name]);
  });

  /** A table in which chains, maps and sets refer to each other and come and go. */
  function randomTable(random: () => number): NftTable {
    const table = new TableBuilder();
    const chance = (share: number) => random() < share;
    const chains = ['a', 'b', 'c', 'd'].filter(() => chance(0.6));
    const sets = ['s', 'r'].filter(() => chance(0.6));
    const rules = () => [
      ...(chance(0.5) ? ['tcp dport 80 accept'] : []),
      ...sets.filter(() => chance(0.5)).map((set) => `ip saddr @${set} drop`),
    ];
    // only to later ones, so that there is no circle
    for (const [i, chain] of chains.entries())
      table.chain(chain, [
        ...rules(),
        ...chains
          .slice(i + 1)
          .filter(() => chance(0.4))
          .map((to) => `jump ${to}`),
      ]);
    if (sets.includes('s'))
      table.set(
        's',
        'type ipv4_addr',
        ['10.0.0.1', '10.0.0.2', '10.0.0.3'].filter(() => chance(0.5)),
      );
    if (sets.includes('r'))
      table.set('r', 'type ipv4_addr; flags interval', [
        chance(0.5) ? '10.0.0.0/8' : '10.4.0.0/14',
        ...(chance(0.5) ? ['11.0.0.0/8'] : []),
      ]);
    const verdicts = chains
      .filter(() => chance(0.7))
      .map((chain, i): [string, string] => [`10.0.0.${i}`, `goto ${chain}`]);
    table.map('m', 'type ipv4_addr : verdict', new Map(verdicts));
    table.chain(
      'base',
      ['ip daddr vmap @m', ...rules()],
      'type filter hook forward priority filter; policy accept;',
    );
    return table.build('t');
  }
  const listed = async (netns: string) => {
    const text = await run('nft', ['-j', 'list', 'table', 'ip', 't'], { netns });
    const { nftables } = JSON.parse(text) as { nftables: unknown[] };
    const plain = nftables.map((item) =>
      JSON.stringify(item, (key, value) =>
        key === 'handle'
          ? undefined
          : key === 'elem' && Array.isArray(value)
            ? value.map((e) => JSON.stringify(e)).sort()
            : value,
      ),
    );
    return plain.filter((item) => !item.includes('metainfo')).sort();
  };

  it('after any walk of updates are the same as written at once', { timeout: 60_000 }, async () => {
    const random = randomOf(7);
    const warnings: string[] = [];
    const log = { debug() {}, info() {}, warn: (text: string) => warnings.push(text), error() {} };
    const applier = new NftApplier({ netns: walked, log });
    for (let step = 0; step < 60; step++) {
      const table = randomTable(random);
      if (step % 7 === 0) applier.forget();
      await applier.apply(table);
      expect(await applier.apply(table)).toBe(false);
      if (step % 3 !== 0) continue;
      const other = new NftApplier({ netns: fresh });
      await other.remove('t');
      await other.apply(table);
      expect(await listed(walked)).toEqual(await listed(fresh));
    }
    expect(warnings).toEqual([]);
  });

  it('a refused table is an error that says what nftables said, and the next one is applied', async () => {
    const bad = new TableBuilder();
    bad.chain('x', ['no such rule']);
    const applier = new NftApplier({ netns: walked });
    await expect(applier.apply(bad.build('u'))).rejects.toMatchObject({
      code: 'network-command-failed',
      message: expect.stringContaining('syntax error'),
    });
    const good = new TableBuilder();
    good.chain('x', ['accept']);
    expect(await applier.apply(good.build('u'))).toBe(true);
  });
});
