import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasUpstream } from '../../tools/upstream/cache.ts';
import { startComponent } from '../../tools/upstream/kubernetes.ts';
import { type Plane, startPlane } from '../support/plane.ts';
import { playScenario, type Recorded, type World } from './scenario.ts';

const here = hasUpstream('kubernetes');
if (!here && process.env.CI !== undefined) {
  throw new Error('CI must compare with upstream: build it with tools/upstream/build-kubernetes.sh');
}
if (!here)
  console.log('workloads are not compared with upstream: tools/upstream/build-kubernetes.sh builds it');

const CONTROLLERS = [
  'deployment',
  'replicaset',
  'replicationcontroller',
  'statefulset',
  'daemonset',
  'garbagecollector',
];

const worldOf = ({ control }: Plane): World => ({
  client: control.client('scenario'),
  get: (...args) => control.reader.get(...args),
  list: (...args) => control.reader.list(...args),
});

async function byUpstream(): Promise<Recorded> {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-workloads-'));
  const plane = await startPlane({ legacyApis: true });
  const flags = [`--controllers=${CONTROLLERS.join(',')}`];
  const child = await startComponent('kube-controller-manager', plane.kubeconfig, folder, flags);
  try {
    return await playScenario(worldOf(plane));
  } finally {
    await child.stop();
    await plane.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function byOurs(): Promise<Recorded> {
  const plane = await startPlane({ controllers: true, legacyApis: true });
  try {
    return await playScenario(worldOf(plane));
  } finally {
    await plane.close();
  }
}

/** `KIND NAME TYPE REASON`. */
const kindsOf = (events: readonly string[]) => [...new Set(events.map((event) => event.split(':')[0]))];

describe.runIf(here)('workloads', () => {
  it('come out as under upstream’s kube-controller-manager 1.20.2', async () => {
    const [theirs, ours] = await Promise.all([byUpstream(), byOurs()]);
    expect(ours.states).toEqual(theirs.states);
    // theirs are put together when there are many alike, and then only the last one is left
    expect(ours.events).toEqual(expect.arrayContaining([...theirs.events]));
    expect(kindsOf(ours.events)).toEqual(kindsOf(theirs.events));
  }, 120_000);
});
