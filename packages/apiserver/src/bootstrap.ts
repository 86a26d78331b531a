import { type KubeObject, StatusError } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import type { Client, ResourceRef } from '@sampan/machinery';
import { requestHeaderData } from './aggregation/front-proxy.ts';

/** What every cluster holds from its first second, as upstream's kube-apiserver makes it. */
export interface BootstrapOptions {
  /** PEM of the CA that client certificates are checked against. */
  readonly clientCa: string;
  /** PEM of the CA of the certificate that aggregated API servers are called with; absent: told later. */
  readonly frontProxyCa?: string;
}

const core = (resource: string, kind: string, namespaced: boolean): ResourceRef => ({
  group: '',
  version: 'v1',
  resource,
  kind,
  namespaced,
});
const NAMESPACES = core('namespaces', 'Namespace', false);
const CONFIG_MAPS = core('configmaps', 'ConfigMap', true);
const PRIORITY_CLASSES: ResourceRef = {
  group: 'scheduling.k8s.io',
  version: 'v1',
  resource: 'priorityclasses',
  kind: 'PriorityClass',
  namespaced: false,
};

const AUTHENTICATION = 'extension-apiserver-authentication';
const SYSTEM_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Upstream's pkg/apis/scheduling/v1 SystemPriorityClasses. */
const SYSTEM_PRIORITIES = [
  {
    name: 'system-node-critical',
    value: 2000001000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    name: 'system-cluster-critical',
    value: 2000000000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
];

/** Creates what is missing; what is there stays as it is. May be called at every start. */
export async function bootstrap(client: Client, options: BootstrapOptions): Promise<void> {
  // one tick, one commit
  await Promise.all(
    SYSTEM_NAMESPACES.map((name) =>
      ensure(client, NAMESPACES, { kind: 'Namespace', apiVersion: 'v1', metadata: { name } }),
    ),
  );
  await Promise.all([
    ...SYSTEM_PRIORITIES.map(({ name, value, description }) =>
      ensure(client, PRIORITY_CLASSES, {
        kind: 'PriorityClass',
        apiVersion: 'scheduling.k8s.io/v1',
        metadata: { name },
        value,
        description,
      }),
    ),
    ensureData(client, AUTHENTICATION, {
      'client-ca-file': options.clientCa,
      ...(options.frontProxyCa === undefined ? {} : requestHeaderData(options.frontProxyCa)),
    }),
  ]);
}

async function ensure(client: Client, ref: ResourceRef, object: KubeObject): Promise<void> {
  try {
    await client.get(ref, object.metadata.namespace, object.metadata.name ?? '');
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 404) throw error;
    await client.create(ref, object).catch(ignoreExisting);
  }
}

/** Tells aggregated API servers whom to believe who asks. */
export function publishFrontProxy(client: Client, ca: string): Promise<void> {
  return ensureData(client, AUTHENTICATION, requestHeaderData(ca));
}

/** A ConfigMap of kube-system that holds these data; what else others put into it stays. */
async function ensureData(client: Client, name: string, data: Record<string, string>): Promise<void> {
  const metadata = { name, namespace: 'kube-system' };
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata, data };
  await ensure(client, CONFIG_MAPS, object);
  const present = await client.get<KubeObject & { data?: Record<string, string> }>(
    CONFIG_MAPS,
    metadata.namespace,
    name,
  );
  const wanted = { ...present.data, ...data };
  if (!deepEqual(present.data, wanted)) await client.update(CONFIG_MAPS, { ...present, data: wanted });
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
}
