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

/** Fewer, since names are made alike for the comparison. */
const MOST_NOTES = 5;

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
  const plane = await startPlane({ controllers: true, legacyApis: true, without: ['nodes'] });
  try {
    return await playScenario(worldOf(plane));
  } finally {
    await plane.close();
  }
}

/** `KIND NAME TYPE REASON`. */
const kindOf = (event: string): string => event.split(':')[0] ?? '';
const kindsOf = (events: readonly string[]) => [...new Set(events.map(kindOf))];

/** Kinds of events with so many notes that some were put together: which ones are left differs. */
const manyOf = (events: readonly string[]) =>
  kindsOf(events).filter(
    // which pods went one by one and which together is a matter of milliseconds
    (kind) =>
      kind.includes('SuccessfulDelete') ||
      events.filter((event) => kindOf(event) === kind).length >= MOST_NOTES,
  );

describe.runIf(here)('workloads', () => {
  it('come out as under upstream’s kube-controller-manager 1.20.2', async () => {
    const [theirs, ours] = await Promise.all([byUpstream(), byOurs()]);
    expect(ours.states).toEqual(theirs.states);
    const many = new Set([...manyOf(ours.events), ...manyOf(theirs.events)]);
    const few = (events: readonly string[]) => events.filter((event) => !many.has(kindOf(event)));
    expect(few(ours.events)).toEqual(few(theirs.events));
    expect(kindsOf(ours.events)).toEqual(kindsOf(theirs.events));
  }, 120_000);
});
