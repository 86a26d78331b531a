import type { KubeObject } from '@sampan/api';
import { type Client, REFS, type ResourceRef } from '@sampan/machinery';
import { eventually } from '../clients/eventually.ts';
import { playKubelet } from './kubelet.ts';

const NS = 'scenario';
const apps = (resource: string, kind: string): ResourceRef => ({
  group: 'apps',
  version: 'v1',
  resource,
  kind,
  namespaced: true,
});
const DEPLOYMENTS = apps('deployments', 'Deployment');
const REPLICA_SETS = apps('replicasets', 'ReplicaSet');
const STATEFUL_SETS = apps('statefulsets', 'StatefulSet');
const DAEMON_SETS = apps('daemonsets', 'DaemonSet');
const CONTROLLERS = { ...REFS.pods, resource: 'replicationcontrollers', kind: 'ReplicationController' };

const image = (value: string) => ({ template: { spec: { containers: [{ name: 'c', image: value }] } } });
const labels = (app: string) => ({ app });
const object = (ref: ResourceRef, name: string, spec: object): KubeObject => ({
  apiVersion: ref.group === '' ? 'v1' : `${ref.group}/${ref.version}`,
  kind: ref.kind,
  metadata: { name, namespace: NS, annotations: { note: name } },
  spec: {
    selector: ref === CONTROLLERS ? labels(name) : { matchLabels: labels(name) },
    template: { metadata: { labels: labels(name) }, ...image('i:1').template },
    ...spec,
  },
});

type Status = Record<string, number | string | undefined>;

/** What there is after each part of the scenario, and the events of all of it. */
export interface Recorded {
  readonly states: Record<string, unknown>;
  readonly events: readonly string[];
}

/** A server as the scenario sees it. Collections are named as in the store: `deployments.apps`. */
export interface World {
  readonly client: Client;
  get(collection: string, namespace: string, name: string): KubeObject | undefined;
  list(collection: string, namespace: string): KubeObject[];
}

/**
 * What users do with workloads, on a server whose controllers work; the same whoever these are. Gives what can be
 * seen then, without names and times that differ each time.
 */
export async function playScenario(world: World): Promise<Recorded> {
  const { client } = world;
  const states: Record<string, unknown> = {};
  await prepare(client);
  const kubelet = playKubelet(client, 'a');
  const status = (ref: ResourceRef, name: string): Status => {
    const collection = ref.group === '' ? ref.resource : `${ref.resource}.${ref.group}`;
    const found = world.get(collection, NS, name);
    const seen = found?.status?.observedGeneration === found?.metadata.generation;
    return found && seen ? (found.status as Status) : {};
  };
  const has = (ref: ResourceRef, name: string, wanted: Status) =>
    eventually(`${name} has ${JSON.stringify(wanted)}`, () => {
      const now = status(ref, name);
      return Object.entries(wanted).every(([key, value]) => (now[key] ?? 0) === value);
    });
  const patch = (ref: ResourceRef, name: string, spec: object) =>
    client.patch(ref, NS, name, 'merge', { spec });
  const record = async (name: string) => {
    // whoever has something left to say says it by then
    await new Promise((resolve) => setTimeout(resolve, 400));
    states[name] = snapshot(world);
  };

  await client.create(DEPLOYMENTS, object(DEPLOYMENTS, 'web', { replicas: 3 }));
  await has(DEPLOYMENTS, 'web', { availableReplicas: 3, replicas: 3 });
  await record('a Deployment is made');
  await patch(DEPLOYMENTS, 'web', image('i:2'));
  await has(DEPLOYMENTS, 'web', { availableReplicas: 3, updatedReplicas: 3, replicas: 3 });
  await record('it is rolled');
  await patch(DEPLOYMENTS, 'web', image('i:1'));
  await has(DEPLOYMENTS, 'web', { availableReplicas: 3, updatedReplicas: 3, replicas: 3 });
  await record('it is rolled back');
  await patch(DEPLOYMENTS, 'web', { paused: true, replicas: 2, ...image('i:3') });
  await has(DEPLOYMENTS, 'web', { availableReplicas: 2, replicas: 2 });
  await record('it is paused and scaled');
  await client.delete(DEPLOYMENTS, NS, 'web', { propagationPolicy: 'Background' });
  await eventually('all is gone', () => world.list('pods', NS).length === 0);

  kubelet.ready = ({ spec }) => spec.containers[0].image !== 'broken';
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } };
  await client.create(DEPLOYMENTS, object(DEPLOYMENTS, 'stuck', { replicas: 10, strategy }));
  await has(DEPLOYMENTS, 'stuck', { availableReplicas: 10, replicas: 10 });
  await patch(DEPLOYMENTS, 'stuck', image('broken'));
  await has(DEPLOYMENTS, 'stuck', { availableReplicas: 8, replicas: 13, updatedReplicas: 5 });
  await record('a broken image is rolled out');
  await patch(DEPLOYMENTS, 'stuck', { replicas: 15 });
  await has(DEPLOYMENTS, 'stuck', { replicas: 18, updatedReplicas: 7, availableReplicas: 11 });
  await record('it is scaled up in the middle');
  await patch(DEPLOYMENTS, 'stuck', { replicas: 5 });
  await has(DEPLOYMENTS, 'stuck', { replicas: 8, updatedReplicas: 5, availableReplicas: 3 });
  await record('and down');
  await patch(DEPLOYMENTS, 'stuck', { strategy: { type: 'Recreate', rollingUpdate: null }, ...image('i:2') });
  await has(DEPLOYMENTS, 'stuck', { availableReplicas: 5, replicas: 5, updatedReplicas: 5 });
  await record('it is recreated');
  await client.delete(DEPLOYMENTS, NS, 'stuck', { propagationPolicy: 'Background' });
  await eventually('all is gone', () => world.list('pods', NS).length === 0);

  const template = { metadata: { labels: labels('set') }, ...image('i:1').template };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'orphan', namespace: NS, labels: labels('set') },
  };
  await client.create(REFS.pods, { ...pod, spec: template.spec });
  await client.create(
    REPLICA_SETS,
    object(REPLICA_SETS, 'set', { replicas: 2, minReadySeconds: 2, template }),
  );
  await has(REPLICA_SETS, 'set', { readyReplicas: 2 });
  await record('a ReplicaSet finds an orphan');
  await has(REPLICA_SETS, 'set', { availableReplicas: 2 });
  await client.patch(REFS.pods, NS, 'orphan', 'merge', { metadata: { labels: labels('free') } });
  await eventually('another pod', () => world.list('pods', NS).length === 3);
  await has(REPLICA_SETS, 'set', { readyReplicas: 2 });
  await record('and loses it');
  await client.delete(REFS.pods, NS, 'orphan');
  await client.delete(REPLICA_SETS, NS, 'set', { propagationPolicy: 'Background' });
  await eventually('all is gone', () => world.list('pods', NS).length === 0);

  await client.create(CONTROLLERS, object(CONTROLLERS, 'old', { replicas: 2 }));
  await has(CONTROLLERS, 'old', { availableReplicas: 2 });
  await record('a ReplicationController is made');
  await client.delete(CONTROLLERS, NS, 'old', { propagationPolicy: 'Background' });

  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec: claim }];
  const spec = { replicas: 2, serviceName: 'set', volumeClaimTemplates };
  await client.create(STATEFUL_SETS, object(STATEFUL_SETS, 'set', spec));
  await has(STATEFUL_SETS, 'set', { readyReplicas: 2 });
  await record('a StatefulSet is made');
  await patch(STATEFUL_SETS, 'set', { ...image('i:2'), updateStrategy: { rollingUpdate: { partition: 1 } } });
  await has(STATEFUL_SETS, 'set', { readyReplicas: 2, updatedReplicas: 1 });
  await record('it is updated in part');
  await patch(STATEFUL_SETS, 'set', { updateStrategy: { rollingUpdate: { partition: 0 } } });
  await has(STATEFUL_SETS, 'set', { readyReplicas: 2, updatedReplicas: 2 });
  await patch(STATEFUL_SETS, 'set', { replicas: 1 });
  await has(STATEFUL_SETS, 'set', { replicas: 1 });
  await record('it is updated and scaled');
  await patch(STATEFUL_SETS, 'set', {
    replicas: 2,
    updateStrategy: { type: 'OnDelete', rollingUpdate: null },
    ...image('i:1'),
  });
  await has(STATEFUL_SETS, 'set', { readyReplicas: 2, updatedReplicas: 1 });
  await record('it is updated when pods are deleted');
  await client.delete(STATEFUL_SETS, NS, 'set', { propagationPolicy: 'Background' });
  await eventually('all is gone', () => world.list('pods', NS).length === 0);

  await client.create(DAEMON_SETS, object(DAEMON_SETS, 'agent', {}));
  await has(DAEMON_SETS, 'agent', { numberAvailable: 2 });
  await record('a DaemonSet is made');
  await patch(DAEMON_SETS, 'agent', image('i:2'));
  await has(DAEMON_SETS, 'agent', { numberAvailable: 2, updatedNumberScheduled: 2 });
  await client.patch(REFS.nodes, undefined, 'b', 'merge', {
    spec: { taints: [{ key: 'own', effect: 'NoSchedule' }] },
  });
  await has(DAEMON_SETS, 'agent', { numberMisscheduled: 1 });
  await record('it is updated, and a node is tainted');
  await kubelet.stop();
  return { states, events: eventsOf(world) };
}

async function prepare(client: Client): Promise<void> {
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: NS } };
  await client.create(REFS.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NS } });
  // its own controller may have been faster
  await client.create(REFS.serviceAccounts, account).catch(() => {});
  for (const name of ['a', 'b']) {
    await client.create(REFS.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } });
    const status = { conditions: [{ type: 'Ready', status: 'True' }] };
    await client.patch(REFS.nodes, undefined, name, 'strategic', { status }, { subresource: 'status' });
    await client.patch(REFS.nodes, undefined, name, 'merge', { spec: { taints: null } });
  }
}

/** Looked at after each part. */
const COLLECTIONS = [
  'deployments.apps',
  'replicasets.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'controllerrevisions.apps',
  'replicationcontrollers',
  'persistentvolumeclaims',
  'pods',
];

function snapshot(world: World): unknown {
  const all = COLLECTIONS.flatMap((collection) =>
    world.list(collection, NS).map((one) => ({
      ...one,
      collection,
      // upstream's clients compare these as texts
      ...(one.kind === 'ControllerRevision' ? { text: JSON.stringify(one.data) } : {}),
    })),
  );
  const text = JSON.stringify(all.map(plain), sortKeys);
  const objects: unknown[] = JSON.parse(withoutHashes(text, hashesOf(world)));
  return objects.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

const sortKeys = (_: string, value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** What 1.20's controllers do not know yet. */
const NEWER = new Set(['terminatingReplicas', 'apps.kubernetes.io/pod-index']);

/** Without what differs from run to run, and what only today's controllers say. */
function plain(one: KubeObject): unknown {
  const { uid, resourceVersion, managedFields, name, ...metadata } = one.metadata;
  const owners = metadata.ownerReferences?.map(({ uid: _, ...owner }) => owner);
  const named = { ...metadata, name: one.kind === 'Pod' ? name?.replace(/-[b-z2-9]{5}$/, '-?') : name };
  const whole = { ...one, metadata: owners ? { ...named, ownerReferences: owners } : named };
  const text = JSON.stringify(whole, (key, value) => {
    if (/Time(stamp)?$/.test(key) || NEWER.has(key)) return undefined;
    if (key === 'availableReplicas' && one.kind === 'StatefulSet') return undefined;
    return key === 'name' && /^kube-api-access-/.test(value) ? 'kube-api-access' : value;
  });
  return JSON.parse(text);
}

/** Hashes of templates, by their revision. */
function hashesOf(world: World): Map<string, string> {
  const hashes = new Map<string, string>();
  for (const { metadata } of world.list('replicasets.apps', NS)) {
    const hash = metadata.labels?.['pod-template-hash'];
    const history = metadata.annotations?.['deployment.kubernetes.io/revision-history'];
    const number = history ?? metadata.annotations?.['deployment.kubernetes.io/revision'];
    if (hash) hashes.set(hash, `hash${number}`);
  }
  for (const { metadata, revision } of world.list('controllerrevisions.apps', NS)) {
    hashes.set(metadata.name?.split('-').at(-1) ?? '', `hash${revision}`);
  }
  return hashes;
}

function withoutHashes(text: string, hashes: ReadonlyMap<string, string>): string {
  let plainer = text;
  for (const [hash, name] of hashes) plainer = plainer.replaceAll(hash, name);
  return plainer;
}

const TELLERS = new Set(['Deployment', 'ReplicaSet', 'ReplicationController', 'StatefulSet', 'DaemonSet']);

/** What was told of whom, each once: how often and in which order depends on who was faster. */
function eventsOf(world: World): string[] {
  const told = world.list('events', NS).flatMap((event) => {
    const { kind, name } = event.involvedObject;
    if (!TELLERS.has(kind)) return [];
    const note = String(event.message)
      .replace('(combined from similar events): ', '')
      // 1.20 does not tell the size before
      .replace(/ from \d+ to (\d+)$/, ' to $1')
      .replace(/-[b-z2-9]{8,10}(?=[- ]|$)/g, '-hash')
      .replace(/-[b-z2-9]{5}$/, '-?');
    return `${kind} ${String(name).replace(/-[b-z2-9]{8,10}$/, '-hash')} ${event.type} ${event.reason}: ${note}`;
  });
  return [...new Set(told)].sort();
}
