import { randomUUID } from 'node:crypto';
import { chownSync, copyFileSync, linkSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '@sampan/clusters';
import { CLUSTERS } from '@sampan/clusters';
import { REFS } from '@sampan/machinery';
import { type Entry, openSqliteStore } from '@sampan/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anew, configMap, GuestHome, written } from './support.ts';

/** Ten thousand are measured by bench/. */
const COUNT = 2000;
/** Of both processes, in seconds: without what depends on the number it is about one. */
const MOST_CPU = 5;
/** Of /proc/PID/stat (proc_pid_stat(5)): a tick is a hundredth of a second on Linux. */
const TICKS = 100;
const FILES = ['keys.json', 'record.json'] as const;
const nameOf = (index: number): string => `many-${index}`;

describe('thousands of clusters that sleep', () => {
  const home = new GuestHome();
  let revisions: ReadonlyMap<string, number> = new Map();
  beforeAll(async () => {
    await home.start();
    await home.create('first');
    await home.running('first');
    await home.guest('first').create(REFS.configMaps, configMap('kept'));
    await home.ask('first', { sleepRequestedAt: anew() });
    await home.until('first', ({ status }) => status?.phase === 'Sleeping');
    await home.stop();
    revisions = await multiply(home);
  });
  afterAll(() => home.end());

  it('cost a start next to nothing, and are as they were', async () => {
    const began = performance.now();
    await home.start();
    const started = performance.now() - began;
    // the process that holds them starts by itself; its first answer says that it knows them all
    expect(await written(home.guest('first'))).toEqual(['kept']);
    const answered = performance.now() - began;
    const cpu = cpuOf(home.sampan.pid) + cpuOf(home.guestsPid() ?? 0);
    console.log(
      `with ${COUNT} clusters: ready in ${Math.round(started)} ms, the first guest answered after ${Math.round(answered)} ms, ${cpu} s of CPU`,
    );
    expect(cpu).toBeLessThan(MOST_CPU);
    const { items } = await home.client.list<Cluster>(CLUSTERS);
    expect(items).toHaveLength(COUNT + 1);
    // nothing was written about those to whom nothing was done
    const changed = items.filter(
      ({ metadata }) =>
        metadata.name !== 'first' && Number(metadata.resourceVersion) !== revisions.get(metadata.name ?? ''),
    );
    expect(changed.length).toBe(0);
  });

  it('are deleted as any other', async () => {
    await home.remove(nameOf(7));
    await home.untilGone(nameOf(7));
    expect(home.folders()).not.toContain(nameOf(7));
  });
});

/** That a process used, in seconds. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Copies of the one that is there, while nothing runs: their objects in one store, their folders with the same files. */
async function multiply({ layout }: GuestHome): Promise<ReadonlyMap<string, number>> {
  const store = openSqliteStore({ file: layout.hostDatabase });
  const prefix = 'clusters.clusters.sampan.dev/';
  const [first] = store.list({ prefix }).entries;
  if (!first) throw new Error('there is no cluster');
  const template = first.object<Cluster>();
  const puts: Promise<Entry>[] = [];
  for (let index = 0; index < COUNT; index++) {
    const name = nameOf(index);
    puts.push(store.put(`${prefix}${name}`, (revision) => ({ bytes: renamed(template, name, revision) })));
    copyFolder(join(layout.clusters, 'first'), join(layout.clusters, name));
  }
  const entries = await Promise.all(puts);
  await store.close();
  return new Map(entries.map(({ key, revision }) => [key.slice(prefix.length), revision]));
}

function renamed(template: Cluster, name: string, revision: number): Buffer {
  const { metadata, status } = template;
  const endpoint = status?.endpoint?.replace('/first', `/${name}`);
  return Buffer.from(
    JSON.stringify({
      ...template,
      metadata: { ...metadata, name, uid: randomUUID(), resourceVersion: String(revision) },
      status: { ...status, ...(endpoint === undefined ? {} : { endpoint }) },
    }),
  );
}

/** The database is the same file for all: nobody opens it. */
function copyFolder(from: string, to: string): void {
  const { uid, gid } = statSync(from);
  mkdirSync(to, { mode: 0o700 });
  for (const file of FILES) {
    copyFileSync(join(from, file), join(to, file));
    chownSync(join(to, file), uid, gid);
  }
  linkSync(join(from, 'cluster.db'), join(to, 'cluster.db'));
  chownSync(to, uid, gid);
}
