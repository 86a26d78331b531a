import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject, k8s } from '@sampan/api';
import { FakeClock, silentLogger } from '@sampan/base';
import type { GuestState } from '@sampan/clusters';
import { type Client, REFS, type ResourceRef } from '@sampan/machinery';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeContent } from './guest-content.ts';
import { readGuestKeys } from './guest-keys.ts';
import { changeRecord, DEFAULT_SETTINGS, readRecord } from './guest-record.ts';
import { Guests } from './guests.ts';
import type { GuestsOptions } from './life/options.ts';

const VERSION = { major: '1', minor: '36', gitVersion: 'v1.36.0' };
const CLAIMS: ResourceRef = {
  ...REFS.pods,
  resource: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
};
const VOLUMES: ResourceRef = { ...REFS.nodes, resource: 'persistentvolumes', kind: 'PersistentVolume' };

type Pod = KubeObject & k8s.Pod;

describe('guests', () => {
  let root: string;
  let guests: Guests;
  const told: [string, GuestState['phase']][] = [];
  const open = (more: Partial<GuestsOptions> = {}) =>
    new Guests({
      folder: join(root, 'clusters'),
      backups: join(root, 'backups'),
      version: VERSION,
      externalAddress: '127.0.0.1:6443',
      log: silentLogger,
      changed: (name, { phase }) => told.push([name, phase]),
      ...more,
    });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sampan-guests-'));
    told.length = 0;
    guests = open();
  });
  afterEach(async () => {
    await guests.close();
    rmSync(root, { recursive: true, force: true });
  });

  const folderOf = (name: string) => join(root, 'clusters', name);
  /** While it sleeps. */
  async function within(name: string, work: (client: Client) => Promise<void>): Promise<void> {
    await guests.sleep(name);
    const keys = readGuestKeys(folderOf(name));
    if (!keys) throw new Error('it has no keys');
    const file = join(folderOf(name), 'cluster.db');
    const common = {
      version: VERSION,
      externalAddress: '',
      ranges: DEFAULT_SETTINGS.ranges,
      log: silentLogger,
    };
    await changeContent({ file, keys, ...common }, work);
  }

  it('begin anew in a clone what stood for things of this machine', async () => {
    await guests.create('first', DEFAULT_SETTINGS);
    const uids: (string | undefined)[] = [];
    await within('first', async (client) => {
      await client.create(VOLUMES, volume());
      await client.create(CLAIMS, claim());
      uids.push((await client.create(REFS.pods, pod('bare'))).metadata.uid);
      await client.create(REFS.pods, pod('owned', true));
    });
    await guests.create('second', DEFAULT_SETTINGS, { cluster: 'first' });
    await within('second', async (client) => {
      const { items: pods } = await client.list<Pod>(REFS.pods);
      expect(pods.map(({ metadata }) => metadata.name)).toEqual(['bare']);
      expect(pods[0]?.spec?.nodeName).toBeUndefined();
      expect(pods[0]?.metadata.labels).toEqual({ app: 'bare' });
      expect(uids).not.toContain(pods[0]?.metadata.uid);
      expect((await client.list(VOLUMES)).items).toEqual([]);
      const kept = await client.get<KubeObject & { spec?: { volumeName?: string } }>(
        CLAIMS,
        'default',
        'data',
      );
      expect(kept.spec?.volumeName).toBeUndefined();
      expect(kept.metadata.annotations ?? {}).not.toHaveProperty('pv.kubernetes.io/bind-completed');
    });
    await within('first', async (client) => {
      expect((await client.list(VOLUMES)).items).toHaveLength(1);
      expect((await client.list(REFS.pods)).items).toHaveLength(2);
    });
  });

  it('sleep when nobody asks for anything, and wake when their own time has come', async () => {
    await guests.close();
    const clock = new FakeClock(Date.now());
    guests = open({ clock });
    await guests.create('idle', { ...DEFAULT_SETTINGS, idleMs: 60_000 });
    const used = await guests.use('idle', () => {});
    clock.advance(61_000);
    await guests.state('idle');
    expect(told).toEqual([]);
    used.end();
    clock.advance(120_000);
    await expect.poll(() => told.at(-1)).toEqual(['idle', 'asleep']);
    await guests.close();
    changeRecord(folderOf('idle'), (record) => ({ ...record, wakeAt: clock.now() + 40 * 86_400_000 }));
    guests = open({ clock });
    clock.advance(39 * 86_400_000);
    expect(await guests.phases()).toEqual({ idle: 'asleep' });
    clock.advance(86_400_000);
    await expect.poll(() => told.at(-1)).toEqual(['idle', 'awake']);
  });

  it('are begun again where a crash left them half made or half removed', async () => {
    await guests.close();
    for (const name of ['.new-made', '.gone-removed']) {
      mkdirSync(folderOf(name));
      writeFileSync(join(folderOf(name), 'keys.json'), '{');
    }
    guests = open();
    expect(readdirSync(join(root, 'clusters'))).toEqual([]);
    expect((await guests.create('made', DEFAULT_SETTINGS)).phase).toBe('awake');
  });

  it('leave alone those whose record or format they do not understand', async () => {
    await guests.create('odd', DEFAULT_SETTINGS);
    await guests.create('newer', DEFAULT_SETTINGS);
    await guests.create('fine', DEFAULT_SETTINGS);
    await guests.close();
    writeFileSync(join(folderOf('odd'), 'record.json'), '{"format');
    changeRecord(folderOf('newer'), (record) => ({ ...record, format: 99 }));
    guests = open();
    expect(await guests.phases()).toEqual({ odd: 'failed', newer: 'failed', fine: 'asleep' });
    await expect(guests.use('newer', () => {})).rejects.toThrow('this release knows up to 1');
    expect(await guests.state('newer')).toMatchObject({ phase: 'failed', code: 'guest-too-new' });
    (await guests.use('fine', () => {})).end();
    await guests.remove('odd');
    expect(readdirSync(join(root, 'clusters')).toSorted()).toEqual(['fine', 'newer']);
  });

  it('are configured anew after a backup of the home was put back, whatever their objects say', async () => {
    await guests.create('back', DEFAULT_SETTINGS);
    await guests.close();
    changeRecord(folderOf('back'), (record) => ({ ...record, isRestored: true }));
    guests = open();
    expect(await guests.phases()).toEqual({});
    const revoked = [{ user: 'eve', until: '2026-01-01T00:00:00Z' }];
    await guests.configure('back', { ...DEFAULT_SETTINGS, revoked });
    expect(await guests.phases()).toEqual({ back: 'asleep' });
    expect(readGuestKeys(folderOf('back'))?.revoked).toEqual(revoked);
    expect(readRecord(folderOf('back'))).not.toHaveProperty('isRestored');
  });

  it('keep an older release’s file for a day after an upgrade, and no longer', async () => {
    await guests.create('aged', DEFAULT_SETTINGS);
    await guests.close();
    const clock = new FakeClock(Date.now());
    guests = open({ clock, version: { ...VERSION, gitVersion: 'v1.37.0' } });
    await guests.wake('aged');
    expect(readRecord(folderOf('aged'))).toMatchObject({ database: 'cluster-2.db', release: 'v1.37.0' });
    await guests.sleep('aged');
    expect(readdirSync(folderOf('aged'))).toContain('cluster.db');
    await guests.wake('aged');
    clock.advance(24 * 3_600_000);
    await guests.sleep('aged');
    expect(readdirSync(folderOf('aged')).toSorted()).toEqual(['cluster-2.db', 'keys.json', 'record.json']);
    await expect(guests.rollback('aged')).rejects.toMatchObject({ code: 'guest-no-rollback' });
  });

  it.runIf(process.getuid?.() === 0)('are made whole or not at all when the disk is full', async () => {
    await guests.close();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'sampan-test', root]);
    try {
      guests = open();
      const made: string[] = [];
      let failure: unknown;
      for (let index = 0; index < 20 && failure === undefined; index++) {
        const name = `c${index}`;
        await guests.create(name, DEFAULT_SETTINGS).then(
          () => made.push(name),
          (error: unknown) => {
            failure = error;
          },
        );
      }
      expect(String(failure)).toMatch(/full|ENOSPC|no space/i);
      await expect(guests.backup(made[0] ?? '', 1)).rejects.toThrow(/full|ENOSPC|no space/i);
      expect(readdirSync(join(root, 'backups', made[0] ?? ''))).toEqual([]);
      await expect(guests.create('copy', DEFAULT_SETTINGS, { cluster: made[0] ?? '' })).rejects.toThrow(
        /full|ENOSPC|no space/i,
      );
      expect(
        readdirSync(join(root, 'clusters')).filter((name) => name.startsWith('.') || name === 'copy'),
      ).toEqual([]);
      await guests.remove(made.pop() ?? '');
      for (const name of made) expect((await guests.wake(name)).phase).toBe('awake');
    } finally {
      await guests.close();
      execFileSync('umount', [root]);
    }
  });
});

const inDefault = (name: string) => ({ name, namespace: 'default' });

function pod(name: string, isOwned = false): KubeObject {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'none', controller: true };
  const metadata = {
    ...inDefault(name),
    labels: { app: name },
    ...(isOwned ? { ownerReferences: [owner], finalizers: ['example.com/held'] } : {}),
  };
  const spec = { nodeName: 'machine', containers: [{ name: 'main', image: 'busybox' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec } as KubeObject;
}

const volume = (): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: 'pv',
      annotations: { 'pv.kubernetes.io/provisioned-by': 'sampan.io/local' },
      finalizers: ['sampan.io/local-volume'],
    },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: '/volumes/pv' },
      claimRef: inDefault('data'),
    },
  }) as KubeObject;

const claim = (): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { ...inDefault('data'), annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      volumeName: 'pv',
      storageClassName: '',
    },
  }) as KubeObject;
