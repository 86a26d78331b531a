import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeLayout } from '@sampan/home';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kubectl } from '../clients/kubectl.ts';
import { createGuest, type TestGuest } from '../support/guest.ts';
import { type Sampan, startSampan } from '../support/sampan.ts';

const isRoot = process.getuid?.() === 0;

/** As the server's user would: the same namespaces, without any privilege. */
const mayHaveNamespaces =
  isRoot &&
  spawnSync('setpriv', [
    ...['--reuid=65534', '--regid=65534', '--clear-groups'],
    ...['unshare', '--user', '--map-current-user', '--keep-caps', '--mount', 'true'],
  ]).status === 0;

describe.runIf(mayHaveNamespaces)('clusters of a home below a folder that only root may enter', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-closed-'));
  const home = join(folder, 'home');
  let sampan: Sampan;
  let host: Kubectl;
  let guest: TestGuest;

  beforeAll(async () => {
    chmodSync(folder, 0o700);
    sampan = await startSampan({ home });
    host = new Kubectl('kubectl', sampan.kubeconfig);
    guest = await createGuest(sampan, host, 'dev');
  });
  afterAll(async () => {
    await sampan?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('serve, sleep, wake, and are backed up and restored', async () => {
    await guest.kubectl.run('create configmap kept --from-literal=a=b');
    const requestedAt = '2026-11-22T12:00:00Z';
    const ask = (spec: object) =>
      host.run(['patch', 'cluster', 'dev', '--type=merge', '-p', JSON.stringify({ spec })]);
    await ask({ sleepRequestedAt: requestedAt, backup: { requestedAt } });
    await host.run('wait --for=condition=BackedUp cluster/dev --timeout=30s');
    expect(await guest.kubectl.run('get configmap kept -o jsonpath={.data.a}')).toBe('b');
    const file = await host.run('get cluster dev -o jsonpath={.status.backup.file}');
    expect(existsSync(join(homeLayout(home).backups, file))).toBe(true);
    await guest.kubectl.run('delete configmap kept');
    await ask({ restore: { requestedAt, backup: file } });
    await host.run('wait --for=condition=Restored cluster/dev --timeout=30s');
    expect(await guest.kubectl.run('get configmap kept -o jsonpath={.data.a}')).toBe('b');
  });

  it('are in a backup of the whole home', async () => {
    const file = join(folder, 'all.tar.gz');
    const main = join(import.meta.dirname, '../../apps/cli/src/main.ts');
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', main, 'backup', file, '--home', home],
      { encoding: 'utf8' },
    );
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const { stdout } = spawnSync('tar', ['-tzf', file], { encoding: 'utf8' });
    expect(stdout).toContain('dev');
    const other = join(folder, 'other');
    const restored = spawnSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', main, 'restore', file, '--home', other],
      { encoding: 'utf8' },
    );
    expect({ status: restored.status, stderr: restored.stderr }).toMatchObject({ status: 0 });
    expect(existsSync(join(homeLayout(other).clusters, 'host.db'))).toBe(true);
  });

  it('go when they are deleted', async () => {
    await host.run('delete cluster dev --timeout=30s');
    expect(existsSync(join(homeLayout(home).clusters, 'dev'))).toBe(false);
  });
});
