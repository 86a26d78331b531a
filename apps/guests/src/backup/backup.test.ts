import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BackupFolder } from './backup-folder.ts';
import { readTar, writeTar } from './tar-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'sampan-backup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (...names: string[]) => join(folder, ...names);

describe('the archive of a backup', () => {
  const big = Buffer.alloc(700_001, 'sampan');

  it('comes back as it was, and is one for tar and sha256sum', async () => {
    writeFileSync(at('data'), big);
    await writeTar(at('a.tar'), [
      ['head.json', { text: '{}\n' }],
      ['data', { file: at('data') }],
    ]);
    const texts = await readTar(at('a.tar'), { data: at('back') });
    expect(texts.get('head.json')).toBe('{}\n');
    expect(readFileSync(at('back')).equals(big)).toBe(true);
    mkdirSync(at('out'));
    execFileSync('tar', ['xf', at('a.tar'), '-C', at('out')]);
    expect(execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: at('out'), encoding: 'utf8' })).toBe(
      'head.json: OK\ndata: OK\n',
    );
  });

  it('is refused wherever it is cut off', async () => {
    const whole = readFileSync(at('a.tar'));
    for (const length of [0, 100, 512, 600, 1024, 2000, 400_000, whole.length - 1100, whole.length - 1024]) {
      writeFileSync(at('cut.tar'), whole.subarray(0, length));
      rmSync(at('cut'), { force: true });
      await expect(readTar(at('cut.tar'), { data: at('cut') }), `${length} bytes`).rejects.toMatchObject({
        code: 'guest-backup-invalid',
      });
    }
  });

  it('is refused wherever a byte is another one', async () => {
    const whole = readFileSync(at('a.tar'));
    for (const offset of [0, 130, 513, 1024, 1700, 300_000]) {
      const changed = Buffer.from(whole);
      changed[offset] = (changed[offset] ?? 0) ^ 1;
      writeFileSync(at('changed.tar'), changed);
      rmSync(at('changed'), { force: true });
      await expect(
        readTar(at('changed.tar'), { data: at('changed') }),
        `byte ${offset}`,
      ).rejects.toMatchObject({
        code: 'guest-backup-invalid',
      });
    }
  });
});

describe('the folder of backups', () => {
  const root = at('backups');
  mkdirSync(root);
  const backups = new BackupFolder(root);
  const NOW = Date.UTC(2026, 10, 22, 12);
  const make = (cluster: string, now: number): string => {
    const { name, path } = backups.next(cluster, now);
    writeFileSync(path, '');
    return name;
  };

  it('names each anew, in order of their times', () => {
    expect([make('a', NOW), make('a', NOW), make('a', NOW + 1000)]).toEqual([
      'a/2026-11-22T12-00-00Z.tar',
      'a/2026-11-22T12-00-00Z-2.tar',
      'a/2026-11-22T12-00-01Z.tar',
    ]);
  });

  it('keeps the newest, and what is not its own', () => {
    for (let count = 0; count < 12; count++) make('b', NOW);
    writeFileSync(join(root, 'b', 'mine.tar'), '');
    writeFileSync(join(root, 'b', '2026-11-22T12-00-00Z.tar.partial'), '');
    backups.prune('b', 2);
    expect(readdirSync(join(root, 'b')).toSorted()).toEqual([
      '2026-11-22T12-00-00Z-11.tar',
      '2026-11-22T12-00-00Z-12.tar',
      'mine.tar',
    ]);
    expect(make('b', NOW)).toBe('b/2026-11-22T12-00-00Z-13.tar');
  });

  it('finds nothing outside of it, whatever the name or the link', () => {
    writeFileSync(at('secret'), 'secret');
    symlinkSync(at('secret'), join(root, 'a', 'link.tar'));
    symlinkSync(folder, join(root, 'up'));
    for (const name of ['../secret', '/etc/passwd', 'a/../../secret', '', '.', 'a/b\0', 'a//b'])
      expect(() => backups.find(name), name).toThrow('cannot name a backup');
    expect(() => backups.find('a/link.tar')).toThrow('no file of this folder');
    expect(() => backups.find('up/secret')).toThrow('no file of this folder');
    expect(() => backups.find('a')).toThrow('no file of this folder');
    expect(() => backups.find('a/none.tar')).toThrow('There is no backup');
  });
});
