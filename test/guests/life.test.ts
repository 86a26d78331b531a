import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '@sampan/api';
import type { ClusterConditionType } from '@sampan/clusters';
import { HttpClient, REFS } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anew, codeOf, configMap, GuestHome, written } from './support.ts';

const SECRETS = REFS.secrets;

describe('the life of a guest cluster', () => {
  const home = new GuestHome();
  beforeAll(() => home.start());
  afterAll(() => home.end());

  const condition = async (name: string, type: ClusterConditionType) =>
    (await home.cluster(name))?.status?.conditions?.find((one) => one.type === type);
  const handled = (name: string, action: string, at: string) =>
    home.until(name, ({ status }) => status?.handled?.[action as 'backup'] === at);
  const backUp = async (name: string) => {
    const requestedAt = anew();
    await home.ask(name, { backup: { requestedAt } });
    const { status } = await handled(name, 'backup', requestedAt);
    return status?.backup?.file ?? '';
  };
  const file = (name: string, ...path: string[]) => join(home.layout.clusters, name, ...path);

  it('is asked to sleep, and woken by the next request with all that was in it', async () => {
    await home.create('sleeper');
    await home.running('sleeper');
    await home.guest('sleeper').create(REFS.configMaps, configMap('kept'));
    const sleepRequestedAt = anew();
    await home.ask('sleeper', { sleepRequestedAt });
    await home.until('sleeper', ({ status }) => status?.phase === 'Sleeping');
    expect(await written(home.guest('sleeper'))).toEqual(['kept']);
    await home.running('sleeper');
    expect((await home.cluster('sleeper'))?.status?.handled?.sleep).toBe(sleepRequestedAt);
  });

  it('is backed up while it serves, and restored, and the restore is taken back', async () => {
    await home.create('backed');
    await home.running('backed');
    const client = home.guest('backed');
    await client.create(REFS.configMaps, configMap('before'));
    const backup = await backUp('backed');
    expect(backup).toMatch(/^backed\/[-\dT]+Z\.tar$/);
    expect(statSync(join(home.layout.backups, backup)).mode & 0o777).toBe(0o600);
    await client.create(REFS.configMaps, configMap('after'));
    const requestedAt = anew();
    await home.ask('backed', { restore: { requestedAt, backup } });
    await handled('backed', 'restore', requestedAt);
    expect(await condition('backed', 'Restored')).toMatchObject({ status: 'True' });
    expect(await written(home.guest('backed'))).toEqual(['before']);
    const rollbackRequestedAt = anew();
    await home.ask('backed', { upgrade: { rollbackRequestedAt } });
    await handled('backed', 'rollback', rollbackRequestedAt);
    expect(await written(client)).toEqual(['after', 'before']);
  });

  it('is backed up asleep, too, without waking', async () => {
    await home.create('resting');
    await home.running('resting');
    await home.ask('resting', { sleepRequestedAt: anew() });
    await home.until('resting', ({ status }) => status?.phase === 'Sleeping');
    const backup = await backUp('resting');
    expect(existsSync(join(home.layout.backups, backup))).toBe(true);
    expect((await home.cluster('resting'))?.status?.phase).toBe('Sleeping');
  });

  it('keeps so many backups as it is told', async () => {
    await home.create('few', { backup: { keep: 2 } });
    await home.running('few');
    for (let count = 0; count < 4; count++) await backUp('few');
    const left = readdirSync(join(home.layout.backups, 'few'));
    expect(left).toHaveLength(2);
    expect(left.map((name) => `few/${name}`)).toContain((await home.cluster('few'))?.status?.backup?.file);
  });

  it('says so when its schedule is none', async () => {
    await home.create('timely', { backup: { schedule: 'every day' } });
    await home.running('timely');
    await home.until('timely', ({ status }) =>
      status?.conditions?.some(({ type, reason }) => type === 'BackedUp' && reason === 'InvalidSchedule'),
    );
  });

  it('is made of another one, which it knows nothing of and whose credentials it does not believe', async () => {
    await home.create('first');
    await home.running('first');
    const first = home.guest('first');
    await first.create(REFS.configMaps, configMap('shared'));
    await first.create(SECRETS, {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/service-account-token',
      metadata: {
        name: 'old',
        namespace: 'default',
        annotations: { 'kubernetes.io/service-account.name': 'default' },
      },
    } as KubeObject);
    const token = await tokenOf(first);
    await home.create('second', { from: { cluster: 'first' } });
    await home.running('second');
    const second = home.guest('second');
    expect(await written(second)).toEqual(['shared']);
    await first.create(REFS.configMaps, configMap('mine'));
    expect(await written(second)).toEqual(['shared']);
    const { url, ca } = home.sampan;
    const review = (cluster: string, bearer: string) =>
      codeOf(
        new HttpClient(
          { url: `${url}/clusters/${cluster}`, ca, token: bearer },
          { name: 'test' },
        ).resources(),
      );
    expect(await review('first', token)).toBe('done');
    expect(await review('second', token)).toBe(401);
    await expect.poll(async () => (await tokenOf(second)) !== token, { timeout: 60_000 }).toBe(true);
    expect(await review('second', await tokenOf(second))).toBe('done');
  });

  it('is made of a backup with its own keys when it has the same name, and with new ones when not', async () => {
    await home.create('origin');
    await home.running('origin');
    const client = home.guest('origin');
    await client.create(REFS.configMaps, configMap('saved'));
    const backup = await backUp('origin');
    await home.remove('origin');
    await home.untilGone('origin');
    await home.create('origin', { from: { backup } });
    await home.create('offspring', { from: { backup } });
    await Promise.all([home.running('origin'), home.running('offspring')]);
    expect(await written(client)).toEqual(['saved']);
    expect(await written(home.guest('offspring'))).toEqual(['saved']);
    expect(readFileSync(file('origin', 'keys.json'), 'utf8')).not.toBe(
      readFileSync(file('offspring', 'keys.json'), 'utf8'),
    );
  });

  it('lies in the trash until it is had back, or its time is over', async () => {
    await home.create('binned');
    await home.running('binned');
    const client = home.guest('binned');
    await client.create(REFS.configMaps, configMap('kept'));
    await home.ask('binned', { deletion: { requestedAt: anew() } });
    await home.until('binned', ({ status }) => status?.phase === 'Deleting');
    expect(await condition('binned', 'Ready')).toMatchObject({ status: 'False', reason: 'InTrash' });
    expect(await codeOf(written(client))).toBe(503);
    await home.ask('binned', { deletion: null });
    await home.until('binned', ({ status }) => status?.phase === 'Sleeping');
    expect(await written(client)).toEqual(['kept']);
    await home.ask('binned', { deletion: { requestedAt: '2026-01-01T00:00:00Z', keepSeconds: 1 } });
    await home.untilGone('binned');
    expect(home.folders()).not.toContain('binned');
  });

  it('gets new keys in two phases: the old ones are believed until it is finished', async () => {
    await home.create('keyed');
    await home.running('keyed');
    const old = home.guest('keyed');
    const startRequestedAt = anew();
    await home.ask('keyed', { rotation: { startRequestedAt } });
    await handled('keyed', 'rotationStart', startRequestedAt);
    const present = home.guest('keyed');
    expect(await codeOf(written(old))).toBe('done');
    expect(await codeOf(written(present))).toBe('done');
    const finishRequestedAt = anew();
    await home.ask('keyed', { rotation: { finishRequestedAt } });
    await handled('keyed', 'rotationFinish', finishRequestedAt);
    expect(await codeOf(written(old))).toBe(401);
    expect(await codeOf(written(present))).toBe('done');
    expect(await condition('keyed', 'KeysRotated')).toMatchObject({ status: 'True', reason: 'Done' });
  });

  it('may store as much as its quota says, and can always delete', async () => {
    await home.create('small');
    const { status } = await home.running('small');
    const objects = (status?.storedObjects ?? 0) + 3;
    await home.ask('small', { quota: { objects } });
    await home.until(
      'small',
      (cluster) => cluster.status?.observedGeneration === cluster.metadata.generation,
    );
    const client = home.guest('small');
    const codes = [];
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f'])
      codes.push(await codeOf(client.create(REFS.configMaps, configMap(name))));
    expect(codes).toContain('done');
    expect(codes.at(-1)).toBe(403);
    await expect(client.create(REFS.configMaps, configMap('g'))).rejects.toThrow(`store ${objects} objects`);
    await client.delete(REFS.configMaps, 'default', 'a');
    expect(await codeOf(client.create(REFS.configMaps, configMap('g')))).toBe('done');
    await home.ask('small', { quota: { bytes: 300_000 } });
    await home.until(
      'small',
      (cluster) => cluster.status?.observedGeneration === cluster.metadata.generation,
    );
    await client.delete(REFS.configMaps, 'default', 'b');
    expect(await codeOf(client.create(REFS.configMaps, configMap('huge', { x: 'x'.repeat(400_000) })))).toBe(
      403,
    );
  });

  it('is upgraded on a copy when another release wrote it, and the upgrade is taken back', async () => {
    await home.create('aged');
    await home.running('aged');
    await home.guest('aged').create(REFS.configMaps, configMap('kept'));
    await home.ask('aged', { sleepRequestedAt: anew() });
    await home.until('aged', ({ status }) => status?.phase === 'Sleeping');
    const record = JSON.parse(readFileSync(file('aged', 'record.json'), 'utf8')) as object;
    writeFileSync(
      file('aged', 'record.json'),
      JSON.stringify({ ...record, release: 'v1.35.0+sampan.0.0.9' }),
    );
    const requestedAt = anew();
    await home.ask('aged', { upgrade: { requestedAt } });
    await handled('aged', 'upgrade', requestedAt);
    expect(await written(home.guest('aged'))).toEqual(['kept']);
    expect(readdirSync(file('aged'))).toEqual(expect.arrayContaining(['cluster.db', 'cluster-2.db']));
    const rollbackRequestedAt = anew();
    await home.ask('aged', { upgrade: { rollbackRequestedAt } });
    await handled('aged', 'rollback', rollbackRequestedAt);
    await home.until('aged', ({ status }) => status?.phase === 'Failed');
    expect(await condition('aged', 'Ready')).toMatchObject({ reason: 'UpgradeHeld' });
    expect(readdirSync(file('aged'))).not.toContain('cluster-2.db');
    expect(await codeOf(written(home.guest('aged')))).toBe(503);
    const again = anew();
    await home.ask('aged', { upgrade: { requestedAt: again } });
    await handled('aged', 'upgrade', again);
    expect(await written(home.guest('aged'))).toEqual(['kept']);
  });

  it('is left alone when its file is damaged, while the others run on, and mended by a restore', async () => {
    await home.create('broken');
    await home.create('whole');
    await Promise.all([home.running('broken'), home.running('whole')]);
    await home.guest('broken').create(REFS.configMaps, configMap('kept'));
    const backup = await backUp('broken');
    await home.ask('broken', { sleepRequestedAt: anew() });
    await home.until('broken', ({ status }) => status?.phase === 'Sleeping');
    damage(file('broken', 'cluster.db'));
    expect(await codeOf(written(home.guest('broken')))).toBe(503);
    await home.until('broken', ({ status }) => status?.phase === 'Failed');
    expect(await condition('broken', 'Ready')).toMatchObject({ status: 'False', reason: 'Corrupt' });
    expect(await written(home.guest('whole'))).toEqual([]);
    const requestedAt = anew();
    await home.ask('broken', { restore: { requestedAt, backup } });
    await handled('broken', 'restore', requestedAt);
    expect(await written(home.guest('broken'))).toEqual(['kept']);
  });

  it('is not half made of what cannot be used, and tells why', async () => {
    await home.create('source');
    await home.running('source');
    const good = await backUp('source');
    const cut = 'source/cut.tar';
    const path = join(home.layout.backups, cut);
    writeFileSync(path, readFileSync(join(home.layout.backups, good)));
    truncateSync(path, statSync(path).size - 4096);
    const newer = 'source/newer.tar';
    writeFileSync(join(home.layout.backups, newer), withText(readFileSync(join(home.layout.backups, good))));
    const cases = [
      ['of-nothing', { backup: 'source/none.tar' }, 'BackupMissing'],
      ['of-nobody', { cluster: 'nobody' }, 'Missing'],
      ['of-a-cut', { backup: cut }, 'BackupInvalid'],
      ['of-changed', { backup: newer }, 'BackupInvalid'],
    ] as const;
    for (const [name, from, reason] of cases) {
      await home.create(name, { from });
      await home.until(name, ({ status }) => status?.phase === 'Failed');
      expect(await condition(name, 'Ready')).toMatchObject({ status: 'False', reason });
      expect(home.folders()).not.toContain(name);
      await home.remove(name);
      await home.untilGone(name);
    }
    expect(home.folders().filter((name) => name.startsWith('.'))).toEqual([]);
    const requestedAt = anew();
    await home.ask('source', { restore: { requestedAt, backup: cut } });
    await handled('source', 'restore', requestedAt);
    expect(await condition('source', 'Restored')).toMatchObject({ status: 'False', reason: 'BackupInvalid' });
    expect(await codeOf(written(home.guest('source')))).toBe('done');
  });

  it('is refused when its name, its ranges or where it comes from cannot be', async () => {
    expect(await codeOf(home.create('Upper'))).toBe(422);
    expect(await codeOf(home.create('a.b'))).toBe(422);
    expect(await codeOf(home.create('x'.repeat(64)))).toBe(422);
    expect(await codeOf(home.create('out', { from: { backup: '../pki/ca.key' } }))).toBe(422);
    expect(await codeOf(home.create('out', { from: { backup: '/etc/passwd' } }))).toBe(422);
    expect(await codeOf(home.create('both', { from: { backup: 'a/b.tar', cluster: 'c' } }))).toBe(422);
    await home.create('taken');
    expect(await codeOf(home.create('taken'))).toBe(409);
  });
});

async function tokenOf(client: HttpClient): Promise<string> {
  for (;;) {
    const { data } = await client.get<KubeObject & { data?: Record<string, string> }>(
      SECRETS,
      'default',
      'old',
    );
    if (data?.token) return Buffer.from(data.token, 'base64').toString();
  }
}

/** In the middle of a file. */
function damage(file: string): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(8192, 0xa5), 0, 8192, 20_480);
  closeSync(handle);
}

/** A backup in which something was changed by hand. */
function withText(archive: Buffer): Buffer {
  const at = archive.indexOf('"format": 1');
  archive.write('"format": 9', at);
  return archive;
}
