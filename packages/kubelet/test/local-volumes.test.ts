import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@sampan/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { detachLocalVolumes, LocalVolumes } from '../src/index.ts';
import { mountAt } from '../src/volumes/mounts.ts';
import { canRunContainers, run } from './support.ts';

const MIB = 2 ** 20;
const able = (await canRunContainers()) && (await stat('/dev/loop-control').catch(() => undefined));

describe.skipIf(!able)('local volumes', () => {
  let folder: string;
  let volumes: LocalVolumes;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lv'));
    volumes = new LocalVolumes(folder, silentLogger);
  });

  afterEach(async () => {
    await detachLocalVolumes(folder);
    const { stdout } = await run('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE']);
    expect(stdout).not.toContain(folder);
    await rm(folder, { recursive: true });
  });

  it('are empty, hold what they are for, and no more', async () => {
    await volumes.make('v', 16 * MIB, 'Filesystem');
    await volumes.make('v', 16 * MIB, 'Filesystem');
    const data = volumes.pathOf('v');
    await volumes.attach(data, 'pod');
    expect(await readdir(data)).toEqual([]);
    expect((await stat(data)).mode & 0o7777).toBe(0o777);
    await writeFile(`${data}/fits`, Buffer.alloc(8 * MIB));
    await expect(writeFile(`${data}/does-not`, Buffer.alloc(16 * MIB))).rejects.toThrow('ENOSPC');
  });

  it('are mounted while pods use them', async () => {
    await volumes.make('v', 16 * MIB, 'Filesystem');
    const data = volumes.pathOf('v');
    await volumes.attach(data, 'one');
    await volumes.attach(data, 'two');
    await writeFile(`${data}/kept`, 'x');
    await volumes.detach('one');
    expect((await mountAt(data))?.type).toBe('ext4');
    await volumes.detach('two');
    expect(await mountAt(data)).toBeUndefined();
    await volumes.attach(data, 'three');
    expect(await readFile(`${data}/kept`, 'utf8')).toBe('x');
  });

  it('grow, at the latest when nothing uses them, and keep what is in them', async () => {
    const grown: string[] = [];
    volumes.onGrown = (name) => grown.push(name);
    await volumes.make('v', 16 * MIB, 'Filesystem');
    const data = volumes.pathOf('v');
    await volumes.attach(data, 'pod');
    await writeFile(`${data}/kept`, 'x');
    const atOnce = await volumes.grow('v', 64 * MIB);
    await volumes.detach('pod');
    expect(grown).toEqual(atOnce ? [] : ['v']);
    expect(await volumes.grow('v', 64 * MIB)).toBe(true);
    await volumes.attach(data, 'next');
    await writeFile(`${data}/big`, Buffer.alloc(48 * MIB));
    expect(await readFile(`${data}/kept`, 'utf8')).toBe('x');
    // one that nothing uses grows at once
    await volumes.detach('next');
    expect(await volumes.grow('v', 96 * MIB)).toBe(true);
  });

  it('can be devices', async () => {
    await volumes.make('b', 16 * MIB, 'Block');
    const data = volumes.pathOf('b');
    await volumes.attach(data, 'pod');
    expect((await stat(data)).isBlockDevice()).toBe(true);
    const size = async () => Number((await run('blockdev', ['--getsize64', data])).stdout);
    expect(await size()).toBe(16 * MIB);
    expect(await volumes.grow('b', 32 * MIB)).toBe(true);
    expect(await size()).toBe(32 * MIB);
  });

  it('go with all that is in them, also while they are used', async () => {
    await volumes.make('v', 16 * MIB, 'Filesystem');
    await volumes.make('b', 16 * MIB, 'Block');
    await volumes.attach(volumes.pathOf('v'), 'pod');
    await volumes.attach(volumes.pathOf('b'), 'pod');
    await volumes.remove('v');
    await volumes.remove('b');
    await volumes.remove('b');
    expect(await readdir(folder)).toEqual([]);
    await volumes.detach('pod');
  });

  it('are refused where there is no room for them', async () => {
    await expect(volumes.make('huge', 2 ** 55, 'Filesystem')).rejects.toMatchObject({
      code: 'volume-no-space',
    });
    await volumes.make('huge', MIB, 'Filesystem');
  });

  it('of other kinds are left alone', async () => {
    await volumes.attach('/somewhere/else', 'pod');
    await volumes.attach(`${folder}/none/data`, 'pod');
    expect(await readdir(folder)).toEqual([]);
  });
});
