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

const RIGHT: readonly { hubLimits: unknown }[] = [
  { hubLimits: {} },
  { hubLimits: { maxBlobBytes: 1 } },
  { hubLimits: { account: { perSecond: 0.5, burst: 10 }, failedLogins: { perSecond: 1, burst: 1 } } },
];

test.each(RIGHT)('limits of the registry may be as in %j', (settings) => {
  expect(read(settings)).toEqual(settings);
});

const WRONG: readonly { hubLimits: unknown }[] = [
  { hubLimits: [] },
  { hubLimits: 'none' },
  { hubLimits: { maxBlobBytes: 0 } },
  { hubLimits: { maxBlobBytes: '5Gi' } },
  { hubLimits: { account: { perSecond: 1 } } },
  { hubLimits: { account: { perSecond: 0, burst: 1 } } },
  { hubLimits: { address: { perSecond: 1, burst: 1, other: 1 } } },
  { hubLimits: { toString: 1 } },
];

test.each(WRONG)('limits of the registry may not be as in %j', (settings) => {
  expect(() => read(settings)).toThrow(/"hubLimits" is not limits of the registry/);
});
