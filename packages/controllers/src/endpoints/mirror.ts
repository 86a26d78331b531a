import { parseIp } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import { controllerReference } from '@sampan/machinery';
import {
  ENDPOINTS_MANAGED_BY,
  type Endpoint,
  type EndpointSlice,
  type Endpoints,
  HEADLESS,
  LAST_CHANGE,
  LEADER,
  MANAGED_BY,
  SERVICE_NAME,
  type Service,
  SKIP_MIRROR,
} from './objects.ts';
import {
  type EndpointGroup,
  groupKey,
  planSlices,
  type SlicePlan,
  type SliceTemplate,
} from './plan-slices.ts';
import { slicePrefix } from './service-slices.ts';

export const MIRROR_MANAGER = 'endpointslicemirroring-controller.k8s.io';
/** --mirroring-max-endpoints-per-subset */
export const MOST_MIRRORED = 1000;
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export interface MirrorPlan extends SlicePlan {
  /** Addresses that are no IP addresses. */
  readonly invalid: number;
  /** Addresses that were not mirrored, invalid ones too. */
  readonly skipped: number;
}

/** Endpoints that somebody made by hand for a Service without selector are told of as slices too. */
export function shouldMirror(endpoints: Endpoints | undefined, service: Service | undefined): boolean {
  if (!endpoints || !service || Object.keys(service.spec.selector ?? {}).length > 0) return false;
  const { labels = {}, annotations = {} } = endpoints.metadata;
  return (
    labels[SKIP_MIRROR] !== 'true' &&
    labels[ENDPOINTS_MANAGED_BY] === undefined &&
    annotations[LEADER] === undefined
  );
}

/** How mirrored slices have to change (upstream's endpointslicemirroring reconcile). Pure. */
export function planMirror(endpoints: Endpoints, existing: readonly EndpointSlice[]): MirrorPlan {
  const groups = new Map<string, EndpointGroup & { endpoints: Endpoint[] }>();
  let invalid = 0;
  let skipped = 0;
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of endpoints.subsets ?? []) {
    const all = [
      ...addresses.map((address) => ({ address, ready: true })),
      ...notReadyAddresses.map((address) => ({ address, ready: false })),
    ];
    let mirrored = 0;
    for (const { address, ready } of all) {
      if (mirrored >= MOST_MIRRORED) break;
      const family = parseIp(address.ip)?.family;
      if (family === undefined) {
        invalid++;
        continue;
      }
      const group = {
        addressType: family === 6 ? 'IPv6' : 'IPv4',
        ports: ports.map(({ name = '', ...rest }) => ({ name, ...rest })),
        endpoints: [] as Endpoint[],
      };
      const { hostname, nodeName, targetRef } = address;
      groups.getOrInsert(groupKey(group), group).endpoints.push({
        addresses: [address.ip],
        conditions: { ready },
        ...(hostname ? { hostname } : {}),
        ...(nodeName ? { nodeName } : {}),
        ...(targetRef ? { targetRef } : {}),
      });
      mirrored++;
    }
    skipped += all.length - mirrored;
  }
  return { ...planSlices([...groups.values()], existing, templateOf(endpoints)), invalid, skipped };
}

function templateOf(endpoints: Endpoints): SliceTemplate {
  const { uid, name = '', namespace = '' } = endpoints.metadata;
  const { [HEADLESS]: _, ...own } = endpoints.metadata.labels ?? {};
  const labels: Record<string, string> = { ...own, [SERVICE_NAME]: name, [MANAGED_BY]: MIRROR_MANAGER };
  const { [LAST_CHANGE]: __, [LAST_APPLIED]: ___, ...annotations } = endpoints.metadata.annotations ?? {};
  const told = { labels, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) };
  return {
    max: MOST_MIRRORED,
    placeholders: [],
    make: ({ addressType, ports }) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        namespace,
        generateName: slicePrefix(name),
        ...told,
        ownerReferences: [controllerReference(endpoints)],
      },
      addressType,
      ports: [...ports],
      endpoints: [],
    }),
    amend: (slice) => {
      const { labels: has, annotations: notes = {}, ...metadata } = slice.metadata;
      if (deepEqual(has, labels) && deepEqual(notes, annotations)) return slice;
      return { ...slice, metadata: { ...metadata, ...told } };
    },
    owns: ({ metadata }) => (metadata.ownerReferences ?? []).some((owner) => owner.uid === uid),
  };
}
