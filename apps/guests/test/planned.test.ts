import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '@sampan/api';
import { silentLogger } from '@sampan/base';
import { type Client, REFS, type ResourceRef } from '@sampan/machinery';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { changeContent } from '../src/guest-content.ts';
import { readGuestKeys } from '../src/guest-keys.ts';
import { DEFAULT_SETTINGS, type GuestRecord, readRecord } from '../src/guest-record.ts';
import { Guests } from '../src/guests.ts';

const VERSION = { major: '1', minor: '36', gitVersion: 'v1.36.0' };
const CRON_JOBS: ResourceRef = { ...REFS.pods, group: 'batch', resource: 'cronjobs', kind: 'CronJob' };

let root: string;
let guests: Guests;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sampan-guests-'));
  guests = new Guests({
    folder: join(root, 'clusters'),
    backups: join(root, 'backups'),
    version: VERSION,
    externalAddress: '127.0.0.1:6443',
    log: silentLogger,
  });
});
afterEach(async () => {
  await guests.close();
  rmSync(root, { recursive: true, force: true });
});

const folderOf = (name: string): string => join(root, 'clusters', name);
const recordOf = (name: string): GuestRecord => readRecord(folderOf(name));

/** While it sleeps. */
async function within(name: string, change: (client: Client) => Promise<void>): Promise<void> {
  const keys = readGuestKeys(folderOf(name));
  if (!keys) throw new Error('it has no keys');
  const { ranges } = DEFAULT_SETTINGS;
  const file = join(folderOf(name), 'cluster.db');
  await changeContent(
    { file, keys, version: VERSION, externalAddress: '', ranges, log: silentLogger },
    change,
  );
}

test('a cluster that falls asleep as soon as it woke knows the first of all that is planned', async () => {
  await guests.create('busy', DEFAULT_SETTINGS);
  await guests.sleep('busy');
  await within('busy', async (client) => {
    for (let index = 0; index < 300; index++)
      await client.create(CRON_JOBS, cronJob(`y${index}`, '0 0 1 1 *'));
    await client.create(CRON_JOBS, cronJob('z', '0 0 * * *'));
  });
  await guests.wake('busy');
  await guests.sleep('busy');
  const hours = ((recordOf('busy').wakeAt ?? Number.POSITIVE_INFINITY) - Date.now()) / 3_600_000;
  expect(hours).toBeLessThanOrEqual(24.1);
});

test('what is planned is known to a process that finds a cluster which was awake at a crash', async () => {
  await guests.create('awake', DEFAULT_SETTINGS);
  await guests.sleep('awake');
  await within('awake', async (client) => void (await client.create(CRON_JOBS, cronJob('y', '0 0 1 1 *'))));
  expect(recordOf('awake').wakeAt).toBeUndefined();
  await guests.wake('awake');
  await expect.poll(() => recordOf('awake').wakeAt).toBeGreaterThan(Date.now());
  expect(await guests.phases()).toEqual({ awake: 'awake' });
});

function cronJob(name: string, schedule: string): KubeObject {
  const template = {
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] },
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name, namespace: 'default' },
    spec: { schedule, jobTemplate: { spec: { template } } },
  } as KubeObject;
}
