import { deepEqual } from '@sampan/base';
import type { Endpoint, EndpointSlice, SlicePort } from './objects.ts';

/** Endpoints that share ports and so may share slices. */
export interface EndpointGroup {
  readonly addressType: string;
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly Endpoint[];
}

export interface SlicePlan {
  /** Without a name. */
  readonly create: EndpointSlice[];
  readonly update: EndpointSlice[];
  readonly remove: EndpointSlice[];
}

export interface SliceTemplate {
  /** A new slice for a group, without endpoints. */
  make(group: EndpointGroup): EndpointSlice;
  /** Metadata that an existing slice should have; the same object when it is right. */
  amend(slice: EndpointSlice): EndpointSlice;
  /** Does a slice belong to this very owner, so that it may be used again? */
  owns(slice: EndpointSlice): boolean;
  /** Most endpoints in a slice. */
  readonly max: number;
  /** Address types for which an empty slice says that there are no endpoints. */
  readonly placeholders: readonly string[];
}

/**
 * How slices have to change so that they tell of exactly these endpoints, with as few writes as possible
 * (k8s.io/endpointslice reconcileByPortMapping): endpoints stay in their slices; what is new fills up slices that
 * change anyway, then the fullest other one that has room for all, then new ones; slices that would be deleted are
 * used for what would be created. Pure.
 */
export function planSlices(
  groups: readonly EndpointGroup[],
  existing: readonly EndpointSlice[],
  template: SliceTemplate,
): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], remove: [] };
  const byGroup = new Map<string, EndpointSlice[]>();
  for (const slice of existing) {
    if (!template.owns(slice)) plan.remove.push(slice);
    else byGroup.getOrInsertComputed(groupKey(slice), () => []).push(slice);
  }
  for (const group of groups) {
    const key = groupKey(group);
    planGroup(group, byGroup.get(key) ?? [], template, plan);
    byGroup.delete(key);
  }
  for (const slices of byGroup.values()) plan.remove.push(...slices);
  for (const addressType of template.placeholders) keepOne(addressType, existing, template, plan);
  return reuse(plan, template);
}

export function groupKey({
  addressType,
  ports,
}: {
  addressType: string;
  ports?: readonly SlicePort[] | null;
}): string {
  const texts = (ports ?? []).map(({ name, protocol, port, appProtocol }) =>
    JSON.stringify([name ?? '', protocol ?? 'TCP', port, appProtocol]),
  );
  return `${addressType} ${texts.sort().join()}`;
}

/** Tells endpoints apart; all else of an endpoint may change. */
function endpointKey({ addresses, hostname, targetRef }: Endpoint): string {
  return JSON.stringify([addresses, hostname, targetRef?.namespace, targetRef?.name]);
}

function planGroup(
  group: EndpointGroup,
  existing: readonly EndpointSlice[],
  template: SliceTemplate,
  plan: SlicePlan,
): void {
  const missing = new Map(group.endpoints.map((endpoint) => [endpointKey(endpoint), endpoint]));
  const changed: EndpointSlice[] = [];
  const unchanged: EndpointSlice[] = [];
  for (const slice of existing) {
    const { endpoints, differs } = keepWanted(slice.endpoints ?? [], missing);
    if (differs && endpoints.length === 0) {
      plan.remove.push(slice);
      continue;
    }
    const amended = template.amend(slice);
    if (differs || amended !== slice) changed.push({ ...amended, endpoints });
    else unchanged.push(slice);
  }
  const rest = [...missing.values()];
  changed.sort((a, b) => sizeOf(b) - sizeOf(a));
  for (const slice of changed) slice.endpoints?.push(...rest.splice(0, template.max - sizeOf(slice)));
  if (rest.length > 0 && rest.length < template.max) {
    const roomy = fullestWithRoom(unchanged, rest.length, template.max);
    if (roomy) changed.push({ ...roomy, endpoints: [...(roomy.endpoints ?? []), ...rest.splice(0)] });
  }
  while (rest.length > 0)
    plan.create.push({ ...template.make(group), endpoints: rest.splice(0, template.max) });
  plan.update.push(...changed);
}

const sizeOf = (slice: EndpointSlice): number => slice.endpoints?.length ?? 0;

/** The endpoints of a slice that are wanted, as they are wanted; takes them out of `missing`. */
function keepWanted(present: readonly Endpoint[], missing: Map<string, Endpoint>) {
  const endpoints: Endpoint[] = [];
  let differs = false;
  for (const endpoint of present) {
    const key = endpointKey(endpoint);
    const wanted = missing.get(key);
    if (!wanted) differs = true;
    else {
      endpoints.push(wanted);
      missing.delete(key);
      differs ||= !deepEqual(wanted, endpoint);
    }
  }
  return { endpoints, differs };
}

function fullestWithRoom(slices: readonly EndpointSlice[], count: number, max: number) {
  const roomy = slices.filter((slice) => sizeOf(slice) + count <= max);
  return roomy.reduce<EndpointSlice | undefined>(
    (best, slice) => (best && sizeOf(best) >= sizeOf(slice) ? best : slice),
    undefined,
  );
}

/** Where no slice would be left, an empty one stays or comes. */
function keepOne(
  addressType: string,
  existing: readonly EndpointSlice[],
  template: SliceTemplate,
  plan: SlicePlan,
): void {
  const ofType = existing.filter((slice) => slice.addressType === addressType);
  const leftOver = ofType.some((slice) => !plan.remove.includes(slice));
  if (leftOver || plan.create.some((slice) => slice.addressType === addressType)) return;
  const placeholder = template.make({ addressType, ports: [], endpoints: [] });
  const key = groupKey(placeholder);
  const kept = ofType.find((slice) => sizeOf(slice) === 0 && template.owns(slice) && groupKey(slice) === key);
  if (!kept) {
    plan.create.push(placeholder);
    return;
  }
  plan.remove.splice(plan.remove.indexOf(kept), 1);
  const amended = template.amend(kept);
  if (amended !== kept) plan.update.push(amended);
}

function reuse(plan: SlicePlan, template: SliceTemplate): SlicePlan {
  const remove = plan.remove.filter((slice) => {
    if (!template.owns(slice)) return true;
    const at = plan.create.findIndex(({ addressType }) => addressType === slice.addressType);
    const [created] = at < 0 ? [] : plan.create.splice(at, 1);
    if (!created) return true;
    plan.update.push({
      ...template.amend(slice),
      ports: created.ports ?? [],
      endpoints: created.endpoints ?? [],
    });
    return false;
  });
  return { ...plan, remove };
}
