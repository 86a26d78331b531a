import { Informer, keyOf, REFS, Reconciler, splitKey } from '@sampan/machinery';
import type { Controller, ControllerContext } from '../controller.ts';
import { OwnWrites } from '../pods/own-writes.ts';
import type { SelectedPods } from '../pods/selected-pods.ts';
import type { Node } from '../workloads/objects.ts';
import type { SharedInformers } from '../workloads/shared-informers.ts';
import { type EndpointSlice, MANAGED_BY, SERVICE_NAME, type Service, selectsPods } from './objects.ts';
import { planServiceSlices, SLICE_MANAGER } from './service-slices.ts';
import { writeSlices } from './write-slices.ts';

/** Slices by the key of their Service and who manages them. */
export const sliceOwnerKey = ({ metadata }: EndpointSlice): string =>
  `${metadata.namespace}/${metadata.labels?.[SERVICE_NAME] ?? ''} ${metadata.labels?.[MANAGED_BY] ?? ''}`;

export function sliceInformer(context: ControllerContext, name: string): Informer<EndpointSlice> {
  const { clock, log } = context;
  return new Informer<EndpointSlice>(
    { client: context.client(name), ref: REFS.endpointSlices, clock, log },
    { owner: (slice) => [sliceOwnerKey(slice)] },
  );
}

export interface EndpointParts {
  readonly informers: SharedInformers;
  readonly members: SelectedPods<Service>;
  /** Indexed by `owner` as `sliceOwnerKey` has it. */
  readonly slices: Informer<EndpointSlice>;
}

/** Keeps the EndpointSlices of Services that select pods (upstream's endpointslice controller). */
export function startEndpointSlices(context: ControllerContext, parts: EndpointParts): Controller {
  const { informers, members, slices } = parts;
  const name = 'endpointslice-controller';
  const client = context.client(name);
  const services = informers.of<Service>(REFS.services);
  const nodes = informers.of<Node>(REFS.nodes);
  const own = new OwnWrites(slices);
  /** Services that wait for nodes of pods of theirs. */
  const waiting = new Map<string, Set<string>>();

  const reconcile = async (key: string) => {
    const at = splitKey(key);
    for (const keys of waiting.values()) keys.delete(key);
    const service = services.get(at.namespace, at.name);
    // what a deleted Service leaves, the garbage collector takes
    if (!service || !selectsPods(service)) return undefined;
    const owner = `${key} ${SLICE_MANAGER}`;
    const existing = own.over(slices.byIndex('owner', owner), (slice) => sliceOwnerKey(slice) === owner);
    const plan = planServiceSlices(service, members.of(key), existing, (node) => nodes.get('', node));
    for (const { spec } of plan.homeless)
      waiting.getOrInsertComputed(spec.nodeName ?? '', () => new Set()).add(key);
    await writeSlices(client, own, plan, service.metadata.deletionTimestamp === undefined);
    return undefined;
  };
  const reconciler = new Reconciler({ name, clock: context.clock, log: context.log, reconcile });

  members.onChange((key) => reconciler.enqueue(key));
  slices.onChange(({ object }) => {
    const [service = '', manager] = sliceOwnerKey(object).split(' ');
    if (manager === SLICE_MANAGER) reconciler.enqueue(service);
  });
  nodes.onChange(({ type, object, previous }) => {
    const node = object.metadata.name ?? '';
    if (type === 'added') for (const key of waiting.get(node) ?? []) reconciler.enqueue(key);
    if (type === 'added') waiting.delete(node);
    if (type === 'modified' && zoneOf(previous) !== zoneOf(object))
      for (const service of services.list()) reconciler.enqueue(keyOf(service));
  });
  return {
    synced: Promise.all([informers.synced(), slices.synced()]).then(() => reconciler.start()),
    stop: () => reconciler.stop(),
  };
}

const zoneOf = (node: Node | undefined): string | undefined =>
  node?.metadata.labels?.['topology.kubernetes.io/zone'];
