import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '@sampan/api';
import { REFS, type ResourceRef } from '@sampan/machinery';
import { type Scheduler, startScheduler } from '@sampan/scheduler';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../packages/scheduler/test/random.ts';
import { hasUpstream } from '../../tools/upstream/cache.ts';
import type { Child } from '../../tools/upstream/child.ts';
import { startComponent } from '../../tools/upstream/kubernetes.ts';
import { eventually } from '../clients/eventually.ts';
import { type Plane, startPlane } from '../support/plane.ts';

const here = hasUpstream('kubernetes');
if (!here && process.env.CI !== undefined) {
  throw new Error('CI must compare with upstream: build it with tools/upstream/build-kubernetes.sh');
}

const OURS = 'sampan-scheduler';
const THEIRS = 'default-scheduler';
const PRIORITIES = [1, 2, 3, 5, 8];
const PREEMPTOR = 100;
const SCENARIOS = 25;
const CLASSES: ResourceRef = {
  group: 'scheduling.k8s.io',
  version: 'v1',
  resource: 'priorityclasses',
  kind: 'PriorityClass',
  namespaced: false,
};

/** A pod on a node of a scenario. */
interface Victim {
  readonly name: string;
  readonly node: string;
  readonly priority: number;
  readonly cpu: string;
  /** No two start together: upstream draws lots between equals. */
  readonly startTime: string;
  readonly app: string;
}

interface Scenario {
  readonly nodes: readonly string[];
  readonly pods: readonly Victim[];
  readonly cpu: string;
  readonly keepsAway: boolean;
}

function randomScenario(random: Random): Scenario {
  const nodes = ['a', 'b', 'c'];
  const pods = nodes.flatMap((node) => {
    let free = 40;
    const found: Victim[] = [];
    for (let i = 0; free >= 5 && i < 6; i++) {
      const cpu = Math.min(free, random.pick([5, 10, 15]));
      free -= cpu;
      const startTime = new Date(Date.UTC(2020, 0, 1) + random.below(1e9) * 1000).toISOString();
      found.push({
        name: `${node}${i}`,
        node,
        priority: random.pick(PRIORITIES),
        cpu: `${cpu}00m`,
        startTime: startTime.replace('.000', ''),
        app: random.pick(['quiet', 'quiet', 'loud']),
      });
    }
    return found;
  });
  return { nodes, pods, cpu: `${random.pick([10, 20, 30])}00m`, keepsAway: random.chance(0.3) };
}

describe.runIf(here)("upstream 1.20's scheduler", () => {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-preemption-'));
  const random = new Random(5);
  let plane: Plane;
  let ours: Scheduler;
  let theirs: Child;

  beforeAll(async () => {
    // nodes that are only objects are silent; nobody should mind that
    plane = await startPlane({ legacyApis: true, controllers: true, without: ['nodes'] });
    const client = plane.control.client('test');
    for (const value of [...PRIORITIES, PREEMPTOR])
      await client.create(CLASSES, {
        apiVersion: 'scheduling.k8s.io/v1',
        kind: 'PriorityClass',
        metadata: { name: `p${value}` },
        value,
      });
    ours = startScheduler({ client: plane.control.client('kube-scheduler'), schedulerName: OURS });
    await ours.synced;
    theirs = await startComponent('kube-scheduler', plane.kubeconfig, folder);
  });

  afterAll(async () => {
    await theirs?.stop();
    await ours?.stop();
    await plane?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(Array.from({ length: SCENARIOS }, (_, i) => i))(
    'makes room on the same node by the same pods (scenario %i)',
    async (i) => {
      const scenario = randomScenario(random);
      const theirRoom = await roomOf(plane, scenario, `theirs${i}`, THEIRS);
      const ourRoom = await roomOf(plane, scenario, `ours${i}`, OURS);
      expect(ourRoom, JSON.stringify(scenario)).toEqual(theirRoom);
    },
  );
});

/** The node that is nominated and the pods that are told to leave. */
async function roomOf(plane: Plane, scenario: Scenario, run: string, schedulerName: string) {
  const client = plane.control.client('test');
  for (const name of scenario.nodes) await addNode(plane, `${run}-${name}`, run);
  for (const pod of scenario.pods) await addVictim(plane, pod, run);
  const apart = [
    { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'loud', run } } },
  ];
  const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: apart } };
  const spec = {
    schedulerName,
    nodeSelector: { run },
    priorityClassName: `p${PREEMPTOR}`,
    ...(scenario.keepsAway ? { affinity } : {}),
  };
  await client.create(REFS.pods, podOf(run, run, scenario.cpu, {}, spec));
  const get = (name: string) => plane.control.reader.get('pods', 'default', name);
  const node = await eventually(`a node for ${run}`, () => {
    const present = get(run);
    return present?.spec?.nodeName ?? present?.status?.nominatedNodeName;
  });
  const victims = () => scenario.pods.filter(({ name }) => get(`${run}-${name}`)?.metadata.deletionTimestamp);
  const isPreempting = get(run)?.spec?.nodeName === undefined;
  if (isPreempting) await eventually(`victims for ${run}`, () => victims().length > 0);
  return { node: node.replace(`${run}-`, ''), victims: victims().map(({ name }) => name) };
}

async function addNode(plane: Plane, name: string, run: string): Promise<void> {
  const client = plane.control.client('test');
  const labels = { 'kubernetes.io/hostname': name, run };
  await client.create(REFS.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } });
  const allocatable = { cpu: '4', memory: '64Gi', pods: '110' };
  const status = { allocatable, capacity: allocatable, conditions: [{ type: 'Ready', status: 'True' }] };
  await client.patch(REFS.nodes, undefined, name, 'merge', { status }, { subresource: 'status' });
  await client.patch(REFS.nodes, undefined, name, 'merge', { spec: { taints: null } });
}

async function addVictim(plane: Plane, victim: Victim, run: string): Promise<void> {
  const client = plane.control.client('test');
  const { node, priority, cpu, startTime, app } = victim;
  const name = `${run}-${victim.name}`;
  const spec = { nodeName: `${run}-${node}`, priorityClassName: `p${priority}` };
  await client.create(REFS.pods, podOf(name, run, cpu, { app }, spec));
  const status = { phase: 'Running', startTime };
  await client.patch(REFS.pods, 'default', name, 'merge', { status }, { subresource: 'status' });
}

function podOf(
  name: string,
  run: string,
  cpu: string,
  labels: Record<string, string>,
  spec: object,
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { run, ...labels } },
    spec: { containers: [{ name: 'c', image: 'c:1', resources: { requests: { cpu } } }], ...spec },
  };
}
