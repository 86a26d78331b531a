import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { homeLayout } from './layout.ts';
import { writeSettings } from './settings.ts';
import { SettingsWatch } from './settings-watch.ts';

const root = mkdtempSync(join(tmpdir(), 'sampan-home-'));
const home = homeLayout(root);
afterAll(() => rmSync(root, { recursive: true }));

it('tells all who follow when settings are written, and nobody who stopped', async () => {
  const told = { first: 0, second: 0 };
  const settings = new SettingsWatch(home);
  const stopFirst = settings.follow(() => told.first++);
  const stopSecond = settings.follow(() => told.second++);
  writeSettings(home, { hubPort: 5000 });
  await expect.poll(() => told.first > 0 && told.second > 0).toBe(true);
  stopFirst();
  const { first, second } = told;
  writeSettings(home, { hubPort: 5001 });
  await expect.poll(() => told.second).toBeGreaterThan(second);
  expect(told.first).toBe(first);
  stopSecond();
});
