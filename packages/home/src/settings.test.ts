import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { homeLayout } from './layout.ts';
import { readSettings } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'sampan-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(settings: unknown) {
  const home = homeLayout(join(folder, 'home'));
  mkdirSync(home.root, { recursive: true });
  writeFileSync(home.settings, JSON.stringify(settings));
  return readSettings(home);
}

test.each([
  {},
  { maxBlobBytes: 1 },
  { account: { perSecond: 0.5, burst: 10 }, failedLogins: { perSecond: 1, burst: 1 } },
])('limits of the registry may be %j', (hubLimits) => {
  expect(read({ hubLimits })).toEqual({ hubLimits });
});

test.each([
  [],
  'none',
  { maxBlobBytes: 0 },
  { maxBlobBytes: '5Gi' },
  { account: { perSecond: 1 } },
  { account: { perSecond: 0, burst: 1 } },
  { address: { perSecond: 1, burst: 1, other: 1 } },
  { toString: 1 },
])('limits of the registry may not be %j', (hubLimits) => {
  expect(() => read({ hubLimits })).toThrow(/"hubLimits" is not limits of the registry/);
});
