import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createControlPlane, SigningKeys } from '@sampan/apiserver';
import { startControllers } from '@sampan/controllers';
import { type Client, createCertificateAuthority, generateKeys, REFS } from '@sampan/machinery';
import { startScheduler } from '@sampan/scheduler';
import { openSqliteStore } from '@sampan/store';
import { type Load, node, pod } from './objects.ts';

const WRITERS = 256;

/** Pods per second through our API, in process on an SQLite file: from the first creation to the last binding. */
export async function benchApi(load: Load): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-bench-'));
  const store = openSqliteStore({ file: join(folder, 'bench.db') });
  const control = await createControlPlane({
    store,
    clientCa: createCertificateAuthority('bench').certificatePem,
    keys: new SigningKeys(generateKeys().privateKeyPem),
    version: { major: '1', minor: '36', gitVersion: 'v1.36.0' },
    externalAddress: '127.0.0.1',
  });
  const client = control.client('bench');
  const controllers = startControllers({ client: (name) => control.client(name) });
  await controllers.synced;
  await each(load.nodes, (i) => client.create(REFS.nodes, node(i)));
  await each(load.nodes, (i) => setAllocatable(client, i));
  const scheduler = startScheduler({ client: control.client('kube-scheduler') });
  await scheduler.synced;
  const { promise, resolve } = Promise.withResolvers<void>();
  let bound = 0;
  const unwatch = control.reader.watch('pods', ({ object, previous }) => {
    if (object.spec?.nodeName && !previous?.spec?.nodeName && ++bound === load.pods) resolve();
  });
  const start = performance.now();
  await each(load.pods, (i) => client.create(REFS.pods, pod(i, load.kind)));
  const created = performance.now();
  await promise;
  const end = performance.now();
  console.log(`api: created ${Math.round((load.pods / (created - start)) * 1000)} pods/s meanwhile`);
  unwatch();
  await scheduler.stop();
  await controllers.stop();
  control.stop();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
  return (load.pods / (end - start)) * 1000;
}

function setAllocatable(client: Client, i: number): Promise<unknown> {
  const { metadata, status } = node(i);
  const options = { subresource: 'status' };
  const patch = { status, spec: { taints: [] } };
  return client
    .patch(REFS.nodes, undefined, metadata.name ?? '', 'merge', patch, options)
    .then(() =>
      client.patch(REFS.nodes, undefined, metadata.name ?? '', 'merge', { spec: { taints: null } }),
    );
}

async function each(count: number, task: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: WRITERS }, work));
}
