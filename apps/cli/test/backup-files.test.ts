import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SampanError } from '@sampan/base';
import { createHome } from '@sampan/home';
import { afterAll, expect, it } from 'vitest';
import { takeBackup, usingBackup } from '../src/clusters/backup-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'sampan-backup-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ['cluster-slow', 1],
  ['cluster-failed', 0],
] as const)('a backup that was copied for a cluster is there after %s: %i', async (code, left) => {
  const home = createHome(join(folder, code));
  const file = join(folder, 'dev.tar');
  writeFileSync(file, 'content');
  const backup = takeBackup(home, file);
  const fails = () => Promise.reject(new SampanError(code, 'it took too long, or failed'));
  await expect(usingBackup(backup, fails)).rejects.toMatchObject({ code });
  expect(readdirSync(home.backups)).toHaveLength(left);
});
