import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeAtomically } from './atomic-writer.ts';
import type { Payload } from './payload.ts';

describe('the files of a volume', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aw'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const payload = (files: Readonly<Record<string, string>>, mode = 0o644): Payload =>
    new Map(Object.entries(files).map(([path, text]) => [path, { data: Buffer.from(text), mode }]));

  /** As a container sees them, through the links. */
  const visible = async (): Promise<Record<string, string>> => {
    const seen: Record<string, string> = {};
    for (const name of await readdir(folder)) {
      if (name.startsWith('..')) continue;
      const path = join(folder, name);
      if ((await stat(path)).isFile()) seen[name] = await readFile(path, 'utf8');
      else
        for (const below of await readdir(path, { recursive: true })) {
          const file = join(path, below);
          if ((await stat(file)).isFile()) seen[`${name}/${below}`] = await readFile(file, 'utf8');
        }
    }
    return seen;
  };

  it('are what was written last, whatever was there, also what a crash left', async () => {
    const random = randomNumbers(7);
    const names = ['a', 'b', 'c/x', 'c/y', 'd/e/f', 'd/e/g', '.hidden'];
    for (let round = 0; round < 60; round++) {
      const files = Object.fromEntries(
        names.filter(() => random() < 0.5).map((name) => [name, `${name}${Math.floor(random() * 3)}`]),
      );
      if (random() < 0.2) await symlink('..nowhere', join(folder, '..data_tmp')).catch(() => {});
      if (random() < 0.2) await mkdir(join(folder, '..2020_01_01_00_00_00.half'), { recursive: true });
      await writeAtomically(folder, payload(files));
      expect(await visible()).toEqual(files);
      const hidden = (await readdir(folder)).filter((name) => name.startsWith('..'));
      // the link and what it leads to; a write of nothing new may leave what a crash left
      expect(hidden).toContain('..data');
      expect(hidden).toContain(await readlink(join(folder, '..data')));
    }
    await writeAtomically(folder, payload({ last: 'x' }));
    expect((await readdir(folder)).filter((name) => name.startsWith('..'))).toHaveLength(2);
  });

  it('are never seen half old and half new', async () => {
    const version = (text: string) => payload({ one: text, two: text });
    await writeAtomically(folder, version('0'));
    let writing = true;
    const writes = (async () => {
      for (let round = 1; round <= 40; round++) await writeAtomically(folder, version(String(round)));
      writing = false;
    })();
    let compared = 0;
    while (writing) {
      // a reader that has opened the folder stays in one version
      const data = await readlink(join(folder, '..data'));
      const read = (name: string) => readFile(join(folder, data, name), 'utf8').catch(() => undefined);
      const [one, two] = await Promise.all([read('one'), read('two')]);
      if (one === undefined || two === undefined) continue;
      expect(one).toBe(two);
      compared++;
    }
    await writes;
    expect(compared).toBeGreaterThan(0);
  });

  it('stay as they are when nothing changes', async () => {
    await writeAtomically(folder, payload({ a: '1', 'b/c': '2' }));
    const before = await readlink(join(folder, '..data'));
    await writeAtomically(folder, payload({ a: '1', 'b/c': '2' }));
    expect(await readlink(join(folder, '..data'))).toBe(before);
    await writeAtomically(folder, payload({ a: '1' }));
    expect(await readlink(join(folder, '..data'))).not.toBe(before);
  });

  it('have the modes that were asked for, whatever the process masks', async () => {
    const before = process.umask(0o077);
    try {
      await writeAtomically(folder, payload({ 'deep/file': 'x' }, 0o466));
    } finally {
      process.umask(before);
    }
    expect((await stat(join(folder, 'deep/file'))).mode & 0o7777).toBe(0o466);
    expect((await stat(join(folder, 'deep'))).mode & 0o7777).toBe(0o755);
  });

  it('leave places alone where other volumes are mounted', async () => {
    await mkdir(join(folder, 'nested'));
    await writeFile(join(folder, 'nested/other'), '');
    await writeAtomically(folder, payload({ a: '1' }));
    await writeAtomically(folder, payload({ b: '1' }));
    expect(await readdir(join(folder, 'nested'))).toEqual(['other']);
  });
});

/** The same numbers every time, 0 up to 1 (Park and Miller). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
