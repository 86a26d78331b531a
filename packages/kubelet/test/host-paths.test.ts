import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bindHostPath } from '../src/index.ts';
import { canRunContainers, run } from './support.ts';

const able = await canRunContainers();

describe.skipIf(!able)('mounts of allowed folders', () => {
  let folder: string;
  let target: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hp'));
    target = `${folder}/target`;
    for (const name of ['allowed/inner', 'secret', 'target'])
      await mkdir(`${folder}/${name}`, { recursive: true });
    await writeFile(`${folder}/allowed/inner/fine`, '');
    await writeFile(`${folder}/secret/key`, '');
  });

  afterEach(async () => {
    await run('umount', [target]).catch(() => {});
    await rm(folder, { recursive: true, force: true });
  });

  const bind = (name: string, readOnly = false) =>
    bindHostPath(`${folder}/${name}`, target, [{ prefix: `${folder}/allowed`, readOnly: false }], readOnly);

  it('show what is in them, by whatever way within them', async () => {
    await symlink(`${folder}/allowed/inner`, `${folder}/allowed/link`);
    await bind('allowed/link');
    expect(await readdir(target)).toEqual(['fine']);
  });

  it('do not follow links out of them', async () => {
    await symlink('../secret', `${folder}/allowed/link`);
    await expect(bind('allowed/link')).rejects.toThrow('is not among the folders that are allowed');
    await expect(bind('secret')).rejects.toThrow('is not among the folders that are allowed');
    expect(await readdir(target)).toEqual([]);
  });

  it('are read-only where only that is allowed', async () => {
    const rules = [{ prefix: `${folder}/allowed`, readOnly: true }];
    const mount = (readOnly: boolean) => bindHostPath(`${folder}/allowed`, target, rules, readOnly);
    await expect(mount(false)).rejects.toThrow('may only be mounted read-only');
    await mount(true);
    expect(await readdir(target)).toEqual(['inner']);
    // whatever a container that comes later asks for
    await expect(writeFile(`${target}/new`, '')).rejects.toThrow('EROFS');
  });
});
