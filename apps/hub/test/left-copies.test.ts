import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeLayout } from '@sampan/home';
import { expect, test } from 'vitest';
import { removeLeftCopies } from '../src/copy-hub.ts';

const DAY_MS = 24 * 3600_000;

test('copies that nobody took away go after a day, and backups of clusters do not', async () => {
  const root = mkdtempSync(join(tmpdir(), 'sampan-left-'));
  try {
    const { backups } = homeLayout(root);
    const names = ['.hub-0123456789abcdef', '.hub-fedcba9876543210', 'hub-prod', 'hub-0123456789abcdef'];
    const now = Date.now();
    for (const name of names) {
      mkdirSync(join(backups, name), { recursive: true });
      const at = name === names[1] ? now : now - 2 * DAY_MS;
      utimesSync(join(backups, name), at / 1000, at / 1000);
    }
    await removeLeftCopies(homeLayout(root), now);
    expect(readdirSync(backups).sort()).toEqual(names.slice(1).sort());
  } finally {
    rmSync(root, { recursive: true });
  }
});
