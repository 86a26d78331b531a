import type { KubeObject } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import { REFS, Reconciler, type ResourceRef } from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore, informerOf } from '../controller.ts';

/** Where pods reach this cluster's API server. */
export interface ApiServiceOptions {
  /** The fixed address of the `kubernetes` Service: the first of the Service range. */
  readonly clusterIP: string;
  /** The server's address, not a loopback one; absent: pods cannot reach it yet and there are no endpoints. */
  readonly address?: string;
  readonly port: number;
}

const NAME = 'kubernetes';
const NAMESPACE = 'default';

/**
 * Keeps the Service `kubernetes` of namespace `default` with its Endpoints and EndpointSlice, as upstream's
 * kube-apiserver does for itself.
 */
export function startApiService(context: ControllerContext, options: ApiServiceOptions): Controller {
  const client = context.client('sampan-server');
  const wanted = objectsOf(options);
  const only = { namespace: NAMESPACE, fieldSelector: `metadata.name=${NAME}` };
  const parts = wanted.map(({ ref, object, keep }) => ({
    ref,
    object,
    keep,
    informer: informerOf(context, client, ref, only),
  }));
  const reconcile = async (resource: string) => {
    const part = parts.find(({ ref }) => ref.resource === resource);
    if (!part) return undefined;
    const { ref, object, keep, informer } = part;
    const present = informer.get(NAMESPACE, NAME);
    if (!present) {
      await client.create(ref, object).catch(ignore('AlreadyExists'));
      return undefined;
    }
    if (keep.every((field) => deepEqual(present[field], object[field]))) return undefined;
    const fields = Object.fromEntries(keep.map((field) => [field, object[field]]));
    await client.update(ref, { ...present, ...fields }).catch(ignore('NotFound'));
    return undefined;
  };
  const reconciler = new Reconciler({
    name: 'api-service',
    clock: context.clock,
    log: context.log,
    reconcile,
  });
  for (const { ref, informer } of parts) {
    informer.onChange(() => reconciler.enqueue(ref.resource));
    informer.start();
  }
  const synced = Promise.all(parts.map(({ informer }) => informer.synced())).then(() => {
    for (const { ref } of parts) reconciler.enqueue(ref.resource);
    reconciler.start();
  });
  return {
    synced,
    async stop() {
      for (const { informer } of parts) informer.stop();
      await reconciler.stop();
    },
  };
}

interface Wanted {
  readonly ref: ResourceRef;
  readonly object: KubeObject;
  /** Fields that are put right when they differ. */
  readonly keep: readonly string[];
}

function objectsOf({ clusterIP, address, port }: ApiServiceOptions): Wanted[] {
  const place = { name: NAME, namespace: NAMESPACE };
  const service: Wanted = {
    ref: REFS.services,
    keep: [],
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...place, labels: { component: 'apiserver', provider: 'kubernetes' } },
      spec: {
        type: 'ClusterIP',
        clusterIP,
        sessionAffinity: 'None',
        ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: port }],
      },
    },
  };
  if (address === undefined) return [service];
  return [
    service,
    {
      ref: REFS.endpoints,
      keep: ['subsets'],
      object: {
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata: { ...place, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
        subsets: [{ addresses: [{ ip: address }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
      },
    },
    {
      ref: REFS.endpointSlices,
      keep: ['endpoints', 'ports'],
      object: {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { ...place, labels: { 'kubernetes.io/service-name': NAME } },
        addressType: address.includes(':') ? 'IPv6' : 'IPv4',
        endpoints: [{ addresses: [address], conditions: { ready: true } }],
        ports: [{ name: 'https', port, protocol: 'TCP' }],
      },
    },
  ];
}
