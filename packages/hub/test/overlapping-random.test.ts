import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '@sampan/base';
import { digestOf, openFileBlobStore } from '@sampan/blobs';
import { openSqliteRecords } from '@sampan/records';
import { expect, test } from 'vitest';
import { HUB_MIGRATIONS, type HubTables } from '../src/index.ts';
import { Delays } from './delays.ts';
import { type TestClient, TestHub } from './support.ts';

const WORKERS = 8;
const STEPS = 40;
const SESSIONS = 4;
const CHUNK = Buffer.alloc(1000, 'a');
const MOST_UPLOADS = 100;
/** Of the project; far more than all that is stored in it. */
const QUOTA = 400_000;
const TOO_MUCH = Buffer.alloc(QUOTA + 1, 'a');

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const locationOf = (answer: Response): string => answer.headers.get('location') ?? '';

/** The digest of what a session has, if all of it is chunks. */
async function digestIn(client: TestClient, session: string): Promise<string> {
  const status = await client.send('GET', session);
  const last = Number(status.headers.get('range')?.split('-')[1] ?? 0);
  return digestOf(Buffer.alloc(last === 0 ? 0 : last + 1, 'a'));
}

/** What a client does with a session that others go on with too. */
const DEEDS: readonly ((
  client: TestClient,
  session: string,
  hub: TestHub,
) => Promise<Response | undefined>)[] = [
  (client, session) => client.send('PATCH', session, { body: CHUNK }),
  (client, session) => client.send('PATCH', session, { body: CHUNK }),
  (client, session) =>
    client.send('PATCH', session, { body: CHUNK, headers: { 'content-range': '1000-1999' } }),
  (client, session) => client.send('PATCH', session, { body: TOO_MUCH }),
  (client, session) => client.send('GET', session),
  async (client, session) => client.send('PUT', `${session}?digest=${await digestIn(client, session)}`),
  (client, session) => client.send('PUT', `${session}?digest=${digestOf(CHUNK)}`, { body: CHUNK }),
  (client, session) => client.send('DELETE', session),
  async (client) => {
    await client.pushBlob(CHUNK);
    return undefined;
  },
  async (_, __, hub) => {
    await hub.hub.collectGarbage({ grace: 60_000 });
    return undefined;
  },
];

test('requests for the same uploads at the same time are answered, and leave nothing behind', async () => {
  const seed = randomInt(2 ** 31);
  const random = generator(seed);
  const delays = new Delays(random, 10);
  await using hub = await TestHub.start(systemClock, [], {
    limits: { uploads: MOST_UPLOADS },
    openBlobs: async (folder) => delays.blobs(await openFileBlobStore(join(folder, 'blobs'))),
    openRecords: async (folder) => {
      const file = join(folder, 'hub.db');
      return delays.records(await openSqliteRecords<HubTables>({ file, migrations: HUB_MIGRATIONS }));
    },
  });
  const members = [{ kind: 'User', name: 'dev', role: 'maintainer' }] as const;
  hub.directory.setProject({ name: 'open', public: true, members, quotaBytes: QUOTA });
  const client = await hub.client();
  const begin = async () => locationOf(await client.send('POST', 'blobs/uploads/'));
  const sessions = await Promise.all(Array.from({ length: SESSIONS }, begin));
  const answers = new Set<number>();
  const work = Array.from({ length: WORKERS }, async () => {
    for (let step = 0; step < STEPS; step++) {
      const at = Math.floor(random() * SESSIONS);
      const deed = DEEDS[Math.floor(random() * DEEDS.length)];
      const answer = await deed?.(client, sessions[at] ?? '', hub);
      if (!answer) continue;
      answers.add(answer.status);
      const text = await answer.text();
      expect(answer.status, `seed ${seed}: ${text}`).toBeLessThan(500);
      if (answer.status === 404) sessions[at] = await begin();
    }
  });
  await Promise.all(work);
  expect([...answers].sort()).toEqual(expect.arrayContaining([201, 202, 204, 403, 404, 416]));
  await hub.hub.collectGarbage({ grace: -1000 });
  expect(await hub.hub.check({ read: true }), `seed ${seed}`).toEqual([]);
  const rows = await hub.records.read.selectFrom('uploads').selectAll().execute();
  expect(rows, `seed ${seed}`).toEqual([]);
  // none counts as begun any more
  const begun = await Promise.all(
    Array.from({ length: MOST_UPLOADS }, () => client.send('POST', 'blobs/uploads/')),
  );
  expect(
    begun.every(({ status }) => status === 202),
    `seed ${seed}`,
  ).toBe(true);
});
