import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '@sampan/base';
import { digestOf } from '@sampan/blobs';
import { openSqliteRecords } from '@sampan/records';
import { expect, test } from 'vitest';
import { HUB_MIGRATIONS, type HubTables } from '../src/index.ts';
import { readAllUsage } from '../src/rules/usage.ts';
import { Delays } from './delays.ts';
import { OCI_MANIFEST, TestClient, TestHub } from './support.ts';

const STEPS = 160;
const REPOSITORIES = ['open/one', 'open/two', 'closed/one', 'closed/two'];
const BLOBS = Array.from({ length: 4 }, (_, index) => Buffer.from('x'.repeat(100 * (index + 1))));

const pick = <T>(list: readonly T[]): T => list[randomInt(list.length)] as T;

/** What is done to one repository, by chance; what cannot be done is refused. */
const DEEDS: readonly ((hub: TestHub, client: TestClient) => Promise<unknown>)[] = [
  (_, client) => client.pushBlob(pick(BLOBS)),
  (_, client) => client.pushBlob(pick(BLOBS)),
  (_, client) => putImage(client),
  (_, client) => putImage(client),
  (_, client) => putImage(client),
  (_, client) => client.send('DELETE', `manifests/${pick(['a', 'b'])}`),
  async (hub, client) => {
    const digests = await manifestsOf(hub);
    return digests.length > 0 ? client.send('DELETE', `manifests/${pick(digests)}`) : undefined;
  },
  (_, client) => client.send('DELETE', `blobs/${digestOf(pick(BLOBS))}`),
  (_, client) => client.send('HEAD', `blobs/${digestOf(pick(BLOBS))}`),
  (_, client) =>
    client.send('POST', `blobs/uploads/?mount=${digestOf(pick(BLOBS))}&from=${pick(REPOSITORIES)}`),
  async (hub) => (randomInt(5) === 0 ? hub.hub.collectGarbage({ grace: -1 }) : undefined),
];

let accepted = 0;

/** Half the time with its blobs, else with what may be there. */
async function putImage(client: TestClient): Promise<Response> {
  const [config, ...blobs] = [pick(BLOBS), pick(BLOBS), pick(BLOBS)];
  if (randomInt(2) === 0) for (const bytes of [config, ...blobs]) await client.pushBlob(bytes);
  const describe = (bytes: Buffer) => ({ mediaType: 'a/b', digest: digestOf(bytes), size: bytes.length });
  const layers = blobs.map(describe);
  const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: describe(config), layers };
  const put = await client.putManifest(pick(['a', 'b']), image);
  if (put.status === 201) accepted += 1;
  return put;
}

test(`${STEPS} deeds by chance leave usage that is the sum of what is there, and nothing when all is deleted`, async () => {
  const delays = new Delays(Math.random, 3);
  await using hub = await TestHub.start(systemClock, [], {
    openRecords: async (folder) => {
      const file = join(folder, 'hub.db');
      return delays.records(await openSqliteRecords<HubTables>({ file, migrations: HUB_MIGRATIONS }));
    },
  });
  const scopes = REPOSITORIES.map((name) => `repository:${name}:pull,push,delete`);
  const token = await hub.token('dev', scopes);
  const clients = REPOSITORIES.map((name) => new TestClient(hub.url, name, token));
  for (let step = 0; step < STEPS; step++) {
    // some at a time, so that they meet
    const answers = await Promise.all(Array.from({ length: 3 }, () => pick(DEEDS)(hub, pick(clients))));
    for (const answer of answers) if (answer instanceof Response) expect(answer.status).toBeLessThan(500);
    if (step % 20 === 0) expect(await hub.hub.check({ read: true })).toEqual([]);
  }
  expect(await hub.hub.check({ read: true })).toEqual([]);
  expect(accepted).toBeGreaterThan(20);
  const digests = await manifestsOf(hub);
  for (const client of clients) for (const each of digests) await client.send('DELETE', `manifests/${each}`);
  await hub.hub.collectGarbage({ grace: -1 });
  expect((await readAllUsage(hub.records.read)).map(({ bytes }) => bytes)).toEqual([0, 0]);
  expect((await hub.blobs.list()).items).toEqual([]);
  expect((await hub.blobs.listUploads()).items).toEqual([]);
});

async function manifestsOf(hub: TestHub): Promise<string[]> {
  const rows = await hub.records.read.selectFrom('manifests').select('digest').distinct().execute();
  return rows.map(({ digest }) => digest);
}
