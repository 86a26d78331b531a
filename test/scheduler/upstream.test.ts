import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject, k8s } from '@sampan/api';
import { REFS } from '@sampan/machinery';
import { type Scheduler, startScheduler } from '@sampan/scheduler';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../packages/scheduler/test/random.ts';
import { APPS, randomNode, randomSpec } from '../../packages/scheduler/test/random-objects.ts';
import { hasUpstream } from '../../tools/upstream/cache.ts';
import type { Child } from '../../tools/upstream/child.ts';
import { startComponent } from '../../tools/upstream/kubernetes.ts';
import { eventually } from '../clients/eventually.ts';
import { type Plane, startPlane } from '../support/plane.ts';

const here = hasUpstream('kubernetes');
if (!here && process.env.CI !== undefined) {
  throw new Error('CI must compare with upstream: build it with tools/upstream/build-kubernetes.sh');
}
if (!here)
  console.log("upstream's scheduler is not compared with: tools/upstream/build-kubernetes.sh builds it");

const OURS = 'sampan-scheduler';
const THEIRS = 'default-scheduler';
const SEED = 23;
const NODES = 12;
const PLACED = 30;
const PROBES = 100;

describe.runIf(here)("upstream 1.20's scheduler, on the same cluster", () => {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-scheduler-'));
  const random = new Random(SEED);
  let plane: Plane;
  let ours: Scheduler;
  let theirs: Child;

  beforeAll(async () => {
    // nodes that are only objects are silent; nobody should mind that
    plane = await startPlane({ legacyApis: true, controllers: true, without: ['nodes'] });
    const client = plane.control.client('test');
    for (let i = 0; i < NODES; i++) await addNode(plane, randomNode(random, `n${i}`));
    for (let i = 0; i < PLACED; i++) {
      const pod = podOf(`placed${i}`, randomSpec(random), random.pick(APPS), 'nobody');
      await client.create(REFS.pods, { ...pod, spec: { ...pod.spec, nodeName: `n${random.below(NODES)}` } });
    }
    ours = startScheduler({ client: plane.control.client('kube-scheduler'), schedulerName: OURS });
    await ours.synced;
    theirs = await startComponent('kube-scheduler', plane.kubeconfig, folder);
    await verdictOf(plane, podOf('warm-up', randomSpec(random), 'a', THEIRS));
  });

  afterAll(async () => {
    await theirs?.stop();
    await ours?.stop();
    await plane?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(Array.from({ length: PROBES }, (_, i) => i))(
    'finds room for the same pods, and says the same of the others (pod %i)',
    async (i) => {
      const spec = withoutNews(randomSpec(random));
      const app = random.pick(APPS);
      const theirVerdict = await verdictOf(plane, podOf(`theirs${i}`, spec, app, THEIRS));
      const ourVerdict = await verdictOf(plane, podOf(`ours${i}`, spec, app, OURS));
      expect(ourVerdict, JSON.stringify(spec)).toEqual(theirVerdict.map(today));
    },
  );
});

/**
 * What 1.20 does not know, or sees otherwise: it counts pods on nodes that a spread pod's node affinity leaves out
 * (KEP-3094 made that a choice).
 */
function withoutNews(spec: k8s.PodSpec): k8s.PodSpec {
  const { topologySpreadConstraints, ...rest } = known(spec);
  const isSelective = spec.affinity?.nodeAffinity !== undefined || spec.nodeSelector !== undefined;
  return isSelective || !topologySpreadConstraints ? rest : { ...rest, topologySpreadConstraints };
}

function known(spec: k8s.PodSpec): k8s.PodSpec {
  const text = JSON.stringify(spec, (key, value) =>
    ['minDomains', 'nodeTaintsPolicy', 'namespaceSelector'].includes(key) ? undefined : value,
  );
  return JSON.parse(text);
}

function podOf(name: string, spec: k8s.PodSpec, app: string, schedulerName: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app } },
    spec: { ...spec, schedulerName },
  };
}

async function addNode(plane: Plane, node: KubeObject): Promise<void> {
  const client = plane.control.client('test');
  const { name = '' } = node.metadata;
  const { uid, ...metadata } = node.metadata;
  await client.create(REFS.nodes, { ...node, metadata });
  const { allocatable } = node.status;
  const status = { allocatable, capacity: allocatable, conditions: [{ type: 'Ready', status: 'True' }] };
  await client.patch(REFS.nodes, undefined, name, 'merge', { status }, { subresource: 'status' });
  // new nodes are tainted until they are ready; who lifts that is not here
  const { taints = null } = node.spec;
  await client.patch(REFS.nodes, undefined, name, 'merge', { spec: { taints } });
}

/** `['bound']`, or the reasons why no node takes a pod, each with its number of nodes. The pod is gone afterwards. */
async function verdictOf(plane: Plane, pod: KubeObject): Promise<string[]> {
  const client = plane.control.client('test');
  const { name = '', namespace = '' } = pod.metadata;
  await client.create(REFS.pods, pod);
  const verdict = await eventually(`a verdict on ${name}`, () => {
    const present = plane.control.reader.get('pods', namespace, name);
    if (present?.spec?.nodeName) return ['bound'];
    const conditions: k8s.PodCondition[] = present?.status?.conditions ?? [];
    const { message } =
      conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False') ?? {};
    return message === undefined ? undefined : reasonsOf(message);
  });
  await client.delete(REFS.pods, namespace, name, { gracePeriodSeconds: 0 });
  return verdict;
}

const reasonsOf = (message: string): string[] =>
  (message.split(' preemption: ')[0] ?? '')
    .replace(/^0\/\d+ nodes are available: /, '')
    .replace(/\.$/, '')
    // taints hold commas in 1.20
    .split(/, (?=\d)/)
    .filter((reason) => !reason.endsWith("node(s) didn't match pod affinity/anti-affinity"))
    .sort();

/** How 1.36 says what 1.20 said. */
function today(reason: string): string {
  return reason
    .replace(/node\(s\) had taint (\{.*\}), that the pod didn't tolerate/, 'node(s) had untolerated taint $1')
    .replace(/didn't match Pod's node affinity$/, "didn't match Pod's node affinity/selector");
}
