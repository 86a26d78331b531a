import type { KubeObject } from '@sampan/api';
import type { Client, ResourceRef } from '@sampan/machinery';
import type { Plane } from '../support/plane.ts';

const NODES: ResourceRef = { group: '', version: 'v1', resource: 'nodes', kind: 'Node', namespaced: false };
const PODS: ResourceRef = { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespaced: true };
const LEASES: ResourceRef = {
  group: 'coordination.k8s.io',
  version: 'v1',
  resource: 'leases',
  kind: 'Lease',
  namespaced: true,
};
const LEASE_NAMESPACE = 'kube-node-lease';
const RENEW_MS = 2000;
const RESOURCES = { cpu: '8', memory: '16Gi', pods: '110' };

/** The status of a pod whose containers run and are ready. */
export const RUNNING = {
  phase: 'Running',
  conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
    type,
    status: 'True',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  })),
};

type Pod = KubeObject & { spec: { nodeName?: string }; status?: { phase?: string } };

/** A node that is only an object: it says of every pod that it runs, and lets go of those that are to end. */
export interface ApiOnlyNode {
  /** Stops renewing; resolves when its last write is done. */
  stop(): Promise<void>;
}

/** Registers a Ready node and does what its kubelet would tell the API. */
export async function startApiOnlyNode(plane: Plane, name: string): Promise<ApiOnlyNode> {
  const client = plane.control.client('kubelet');
  const labels = { 'kubernetes.io/hostname': name };
  await client.create(NODES, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } } as KubeObject);
  await client.create(LEASES, lease(name));
  const writes = new Set<Promise<unknown>>();
  const write = (promise: Promise<unknown>) => {
    // an object that went away meanwhile is none of the node's concern
    const done = promise.catch(() => {}).finally(() => writes.delete(done));
    writes.add(done);
  };
  await setReady(client, name);
  const timer = setInterval(() => {
    write(setReady(client, name));
    write(client.patch(LEASES, LEASE_NAMESPACE, name, 'merge', { spec: { renewTime: microTime() } }));
  }, RENEW_MS);
  const unwatch = plane.control.reader.watch<Pod>('pods', ({ type, object }) => {
    if (type !== 'deleted' && object.spec.nodeName === name) write(tend(plane, client, object));
  });
  return {
    async stop() {
      clearInterval(timer);
      unwatch();
      await Promise.all(writes);
    },
  };
}

async function tend(plane: Plane, client: Client, pod: Pod): Promise<void> {
  const { name = '', namespace = '', uid, deletionTimestamp } = pod.metadata;
  if (deletionTimestamp !== undefined) {
    const preconditions = uid === undefined ? {} : { uid };
    return client.delete(PODS, namespace, name, { gracePeriodSeconds: 0, preconditions });
  }
  if (pod.status?.phase !== 'Running') await setPodStatus(plane, namespace, name, RUNNING);
}

/** Writes the status of a pod as its node would. */
export async function setPodStatus(
  plane: Plane,
  namespace: string,
  name: string,
  status: object,
): Promise<void> {
  const client = plane.control.client('kubelet');
  await client.patch(PODS, namespace, name, 'strategic', { status }, { subresource: 'status' });
}

async function setReady(client: Client, name: string): Promise<void> {
  const lastHeartbeatTime = `${new Date().toISOString().slice(0, 19)}Z`;
  const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime };
  const status = { capacity: RESOURCES, allocatable: RESOURCES, conditions: [ready] };
  await client.patch(NODES, undefined, name, 'strategic', { status }, { subresource: 'status' });
}

function lease(name: string): KubeObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: LEASE_NAMESPACE },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTime() },
  } as KubeObject;
}

const microTime = () => new Date().toISOString().replace('Z', '000Z');
