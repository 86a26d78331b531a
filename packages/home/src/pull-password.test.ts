import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { homeLayout } from './layout.ts';
import { clusterPullPassword } from './pull-password.ts';

const root = mkdtempSync(join(tmpdir(), 'sampan-home-'));
const home = homeLayout(root);
mkdirSync(home.pki);
afterAll(() => rmSync(root, { recursive: true }));

it('clusters have passwords of their own, the same ones every time', () => {
  const dev = clusterPullPassword(home, 'dev', '1');
  expect(dev).toMatch(/^[\w-]{43}$/);
  expect(clusterPullPassword(home, 'dev', '1')).toBe(dev);
  expect(clusterPullPassword(home, 'dev', '2')).not.toBe(dev);
  expect(clusterPullPassword(home, 'host', '')).not.toBe(clusterPullPassword(home, 'hos', 't:'));
  expect(statSync(home.hub.pullKey).mode & 0o777).toBe(0o600);
});

it('a key that was damaged is not used', () => {
  writeFileSync(home.hub.pullKey, 'short');
  expect(() => clusterPullPassword(home, 'dev', '1')).toThrow(
    expect.objectContaining({ code: 'hub-pull-key-invalid' }),
  );
});
