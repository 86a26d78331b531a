import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@sampan/base';
import { homeLayout, writeSettings } from '@sampan/home';
import { afterAll, expect, test, vi } from 'vitest';
import { webhookHosts } from '../src/webhook-hosts.ts';

const root = mkdtempSync(join(tmpdir(), 'sampan-hosts-'));
const home = homeLayout(root);
afterAll(() => rmSync(root, { recursive: true }));

test('webhooks may call the hosts that the settings name at the moment', async () => {
  const hosts = webhookHosts(home, silentLogger);
  expect(hosts.list()).toEqual([]);
  const listener = vi.fn(() => hosts.list());
  const stop = hosts.follow(listener);
  writeSettings(home, { webhookHosts: ['localhost'] });
  await expect.poll(() => listener.mock.results.at(-1)?.value).toEqual(['localhost']);
  writeSettings(home, { hubPort: 5000 });
  await expect.poll(() => listener.mock.results.at(-1)?.value).toEqual([]);
  stop();
});

test('while the settings cannot be read, what was known before holds', () => {
  const log = { ...silentLogger, error: vi.fn() };
  const hosts = webhookHosts(home, log);
  writeSettings(home, { webhookHosts: ['localhost'] });
  expect(hosts.list()).toEqual(['localhost']);
  writeFileSync(home.settings, '{');
  expect(hosts.list()).toEqual(['localhost']);
  expect(log.error).toHaveBeenCalledWith('the settings cannot be read', {
    error: expect.stringContaining('settings.json cannot be read'),
  });
  writeSettings(home, { webhookHosts: [] });
  expect(hosts.list()).toEqual([]);
});
