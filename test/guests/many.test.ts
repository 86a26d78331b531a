import { randomUUID } from 'node:crypto';
import { chownSync, copyFileSync, linkSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '@sampan/clusters';
import { CLUSTERS } from '@sampan/clusters';
import { REFS } from '@sampan/machinery';
import { openSqliteStore } from '@sampan/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anew, configMap, GuestHome, written } from './support.ts';

const COUNT = 10_000;
/** How long it may take on a machine with other work, milliseconds; bench/ measures it on a quiet one. */
const MOST_MS = 6000;
const FILES = ['keys.json', 'record.json'] as const;
const nameOf = (index: number): string => `many-${index}`;

describe('ten thousand clusters that sleep', () => {
  const home = new GuestHome();
  beforeAll(async () => {
    await home.start();
    await home.create('first');
    await home.running('first');
    await home.guest('first').create(REFS.configMaps, configMap('kept'));
    await home.ask('first', { sleepRequestedAt: anew() });
    await home.until('first', ({ status }) => status?.phase === 'Sleeping');
    await home.stop();
    await multiply(home);
  });
  afterAll(() => home.end());

  it('cost a start next to nothing, and are as they were', async () => {
    const began = performance.now();
    await home.start();
    const started = performance.now() - began;
    // the process that holds them starts by itself; its first answer says that it knows them all
    expect(await written(home.guest('first'))).toEqual(['kept']);
    const answered = performance.now() - began;
    console.log(
      `with ${COUNT} clusters: ready in ${Math.round(started)} ms, the first guest answered after ${Math.round(answered)} ms`,
    );
    expect(answered).toBeLessThan(MOST_MS);
    const { items } = await home.client.list<Cluster>(CLUSTERS);
    expect(items).toHaveLength(COUNT + 1);
    // nothing was written about any of those to whom nothing was done
    const versions = new Set(items.map(({ metadata }) => Number(metadata.resourceVersion)));
    expect(versions.size).toBe(COUNT + 1);
    expect(
      items.every(({ status, metadata }) => metadata.name === 'first' || status?.phase === 'Sleeping'),
    ).toBe(true);
    const untouched = items.filter(({ metadata }) =>
      metadata.managedFields?.some(({ manager }) => manager === 'x'),
    );
    expect(untouched).toEqual([]);
  });

  it('are deleted as any other', async () => {
    await home.remove(nameOf(7));
    await home.untilGone(nameOf(7));
    expect(home.folders()).not.toContain(nameOf(7));
  });
});

/** Copies of the one that is there, while nothing runs: their objects in one store, their folders with the same files. */
async function multiply({ layout }: GuestHome): Promise<void> {
  const store = openSqliteStore({ file: layout.hostDatabase });
  const prefix = 'clusters.clusters.sampan.dev/';
  const [first] = store.list({ prefix }).entries;
  if (!first) throw new Error('there is no cluster');
  const template = first.object<Cluster>();
  const puts: Promise<unknown>[] = [];
  for (let index = 0; index < COUNT; index++) {
    const name = nameOf(index);
    puts.push(store.put(`${prefix}${name}`, (revision) => ({ bytes: renamed(template, name, revision) })));
    copyFolder(join(layout.clusters, 'first'), join(layout.clusters, name));
  }
  await Promise.all(puts);
  await store.close();
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
