import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadKubeconfig, parseKubeconfig } from './kubeconfig.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const config = (user: string, cluster = '') => `
apiVersion: v1
kind: Config
current-context: one
contexts:
- name: one
  context: {cluster: c, user: u, namespace: team}
- name: two
  context: {cluster: c}
clusters:
- name: c
  cluster: {server: 'https://example.test:6443/clusters/a', ${cluster}}
users:
- name: u
  user: ${user}
`;

describe('a kubeconfig', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('gives server, authority and client certificate from data', async () => {
    const user = `{client-certificate-data: ${base64('CERT')}, client-key-data: ${base64('KEY')}}`;
    const cluster = `certificate-authority-data: ${base64('CA')}, tls-server-name: other`;
    expect(await parseKubeconfig(config(user, cluster))).toEqual({
      url: 'https://example.test:6443/clusters/a',
      namespace: 'team',
      ca: 'CA',
      cert: 'CERT',
      key: 'KEY',
      serverName: 'other',
    });
  });

  it('reads files beside it, and tokens from files as they are now', async () => {
    writeFileSync(join(folder, 'ca.crt'), 'CA');
    writeFileSync(join(folder, 'token'), 'secret\n');
    const file = join(folder, 'config');
    writeFileSync(file, config('{tokenFile: token}', 'certificate-authority: ca.crt'));
    const loaded = await loadKubeconfig(file);
    expect(loaded.ca).toBe('CA');
    expect(typeof loaded.token === 'function' && loaded.token()).toBe('secret');
  });

  it('uses another context when asked', async () => {
    const loaded = await parseKubeconfig(config('{token: t}'), { context: 'two' });
    expect(loaded).toEqual({ url: 'https://example.test:6443/clusters/a', namespace: 'default' });
  });

  it.each([
    ['{exec: {command: aws}}', {}, 'credential plug-in (exec)'],
    ['{token: t}', { context: 'none' }, 'has no context "none"'],
    ['{client-key: missing.key}', {}, 'missing.key cannot be read'],
  ])('says what is wrong: %s', async (user, choice, message) => {
    await expect(parseKubeconfig(config(user), choice)).rejects.toMatchObject({
      code: 'kubeconfig',
      message: expect.stringContaining(message),
      hint: expect.any(String),
    });
  });

  it('says so when it is no kubeconfig at all', async () => {
    await expect(parseKubeconfig('a: [')).rejects.toMatchObject({ code: 'kubeconfig' });
    await expect(parseKubeconfig('[]')).rejects.toThrow('is not a kubeconfig');
    await expect(parseKubeconfig('{}')).rejects.toThrow('has no current-context');
    await expect(loadKubeconfig(join(folder, 'none'))).rejects.toMatchObject({ code: 'kubeconfig' });
  });
});
