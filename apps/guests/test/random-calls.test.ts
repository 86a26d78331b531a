import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SampanError } from '@sampan/base';
import { expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../src/guest-record.ts';
import { Guests } from '../src/guests.ts';

const VERSION = { major: '1', minor: '36', gitVersion: 'v1.36.0' };
const NAMES = ['a', 'b', 'c'];
const CALLERS = 8;
const LASTS_MS = 4000;
/** What one may hear who comes too late, or too early. */
const EXPECTED = [
  'guest-missing',
  'guest-paused',
  'guest-deleted',
  'guest-backup-missing',
  'guest-no-rollback',
];

const below = (count: number): number => Math.floor(Math.random() * count);
const oneOf = <T>(all: readonly [T, ...T[]]): T => all[below(all.length)] ?? all[0];

test('many who do anything to clusters at once are all answered, and all clusters serve in the end', async () => {
  const root = mkdtempSync(join(tmpdir(), 'sampan-random-'));
  const problems: unknown[] = [];
  const problem = (...what: unknown[]): void => void problems.push(what);
  const guests = new Guests({
    folder: join(root, 'clusters'),
    backups: join(root, 'backups'),
    version: VERSION,
    externalAddress: '127.0.0.1:6443',
    log: { debug() {}, info() {}, warn: problem, error: problem },
  });
  const backups: [string, ...string[]] = ['none'];
  const settings = () => ({
    ...DEFAULT_SETTINGS,
    idleMs: 100 + below(400),
    paused: below(8) === 0,
    isDeleted: below(8) === 0,
  });
  const use = async (name: string): Promise<void> => {
    const { guest, end } = await guests.use(name);
    expect(guest.objects).toBeGreaterThan(0);
    await sleep(below(100));
    end();
  };
  const other = () => NAMES[below(NAMES.length)] ?? 'a';
  const calls: readonly [(name: string) => Promise<unknown>, ...((name: string) => Promise<unknown>)[]] = [
    (name) => guests.create(name, settings()),
    (name) => guests.create(name, settings(), { cluster: other() }),
    (name) => guests.configure(name, settings()),
    (name) => guests.wake(name),
    (name) => guests.sleep(name),
    (name) => guests.remove(name),
    (name) => guests.state(name),
    use,
    use,
    async (name) => void backups.push((await guests.backup(name, 2)).file),
    (name) => guests.restore(name, oneOf(backups)),
    (name) => guests.rollback(name),
    (name) => guests.startRotation(name),
    (name) => guests.finishRotation(name),
  ];
  const until = Date.now() + LASTS_MS;
  const caller = async (): Promise<void> => {
    while (Date.now() < until) {
      const error = await oneOf(calls)(other()).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error !== undefined && !(error instanceof SampanError && EXPECTED.includes(error.code)))
        problem(error);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  for (const name of NAMES) {
    expect((await guests.create(name, DEFAULT_SETTINGS)).phase).toBe('awake');
    await use(name);
  }
  await guests.close();
  rmSync(root, { recursive: true, force: true });
  expect(problems).toEqual([]);
});
