import type { k8s } from '@sampan/api';
import { Quantity } from '@sampan/base';

/** CPU and memory that one container, or a pod as a whole, has been given. */
export interface Amounts {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

/** What the node has given a pod, which may differ from what its spec asks for by now (KEP-1287). */
export interface Allocation {
  /** Of the pod as a whole (`spec.resources`), where it says something of itself. */
  readonly pod?: Amounts;
  /** By name. */
  readonly containers: Readonly<Record<string, Amounts>>;
}

/** Resources that change without a new container. */
const RESIZABLE = ['cpu', 'memory'] as const;
export type Resizable = (typeof RESIZABLE)[number];

/** Only CPU and memory. */
export function amountsOf({ requests, limits }: k8s.ResourceRequirements = {}): Amounts {
  const pick = (list: Record<string, string> | undefined) =>
    list && Object.fromEntries(Object.entries(list).filter(([name]) => isResizable(name)));
  const parts = { requests: pick(requests), limits: pick(limits) };
  return {
    ...(parts.requests && { requests: parts.requests }),
    ...(parts.limits && { limits: parts.limits }),
  };
}

function isResizable(name: string): name is Resizable {
  return (RESIZABLE as readonly string[]).includes(name);
}

/** What a pod's spec asks for. */
export function allocationOf({ spec = {} }: k8s.Pod): Allocation {
  const all = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  return {
    ...(spec.resources && { pod: amountsOf(spec.resources) }),
    containers: Object.fromEntries(all.map(({ name, resources }) => [name, amountsOf(resources)])),
  };
}

/** The pod as if its spec asked for what it was given. */
export function withAllocation(pod: k8s.Pod, { pod: whole, containers }: Allocation): k8s.Pod {
  const { spec = {} } = pod;
  const given = (container: k8s.Container): k8s.Container => {
    const amounts = Object.hasOwn(containers, container.name) ? containers[container.name] : undefined;
    return amounts ? { ...container, resources: replaced(container.resources, amounts) } : container;
  };
  return {
    ...pod,
    spec: {
      ...spec,
      ...(spec.resources && whole && { resources: replaced(spec.resources, whole) }),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(given) }),
      ...(spec.containers && { containers: spec.containers.map(given) }),
    },
  };
}

function replaced(resources: k8s.ResourceRequirements = {}, amounts: Amounts): k8s.ResourceRequirements {
  const list = (kind: 'requests' | 'limits') => {
    const others = Object.entries(resources[kind] ?? {}).filter(([name]) => !isResizable(name));
    if (others.length === 0 && !amounts[kind]) return {};
    return { [kind]: { ...Object.fromEntries(others), ...amounts[kind] } };
  };
  const { claims } = resources;
  return { ...(claims && { claims }), ...list('limits'), ...list('requests') };
}

/** Which of CPU and memory differ. */
export function changedResources(a: Amounts, b: Amounts): Resizable[] {
  return RESIZABLE.filter((name) =>
    (['requests', 'limits'] as const).some((kind) => !equal(a[kind]?.[name], b[kind]?.[name])),
  );
}

export function sameAllocation(a: Allocation, b: Allocation): boolean {
  if (changedResources(a.pod ?? {}, b.pod ?? {}).length > 0) return false;
  return Object.keys({ ...a.containers, ...b.containers }).every(
    (name) => changedResources(a.containers[name] ?? {}, b.containers[name] ?? {}).length === 0,
  );
}

function equal(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true;
  return a !== undefined && b !== undefined && Quantity.parse(a).equals(Quantity.parse(b));
}
