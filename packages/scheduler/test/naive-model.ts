import type { k8s } from '@sampan/api';
import { Quantity } from '@sampan/base';
import type { Node, Pod } from '../src/types.ts';

/**
 * May a pod be on a node? Written as plainly as the documentation says it, from the objects alone, without anything
 * of the scheduler's: slow and easy to believe.
 */
export function isFeasible(pod: Pod, node: Node, nodes: readonly Node[], placed: readonly Pod[]): boolean {
  const here = placed.filter((other) => other.spec?.nodeName === node.metadata.name);
  return (
    bearsTaints(pod, node) &&
    isSelected(pod, node) &&
    hasRoom(pod, node, here) &&
    hasPorts(pod, here) &&
    isSpread(pod, node, nodes, placed) &&
    isLiked(pod, node, nodes, placed)
  );
}

const labelsOf = (object: Node | Pod): Record<string, string> => object.metadata.labels ?? {};

function bearsTaints(pod: Pod, node: Node): boolean {
  const all = [
    ...(node.spec?.taints ?? []),
    ...(node.spec?.unschedulable ? [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] : []),
  ];
  return all
    .filter(({ effect }) => effect !== 'PreferNoSchedule')
    .every((taint: k8s.Taint) =>
      (pod.spec?.tolerations ?? []).some(
        ({ key, operator, value, effect }) =>
          (!effect || effect === taint.effect) &&
          (operator === 'Exists'
            ? !key || key === taint.key
            : key === taint.key && (value ?? '') === (taint.value ?? '')),
      ),
    );
}

function meets(labels: Record<string, string>, { key, operator, values = [] }: k8s.NodeSelectorRequirement) {
  const value = labels[key];
  if (operator === 'In') return value !== undefined && values.includes(value);
  if (operator === 'NotIn') return value === undefined || !values.includes(value);
  if (operator === 'Exists') return value !== undefined;
  if (operator === 'DoesNotExist') return value === undefined;
  if (operator === 'Gt') return value !== undefined && Number(value) > Number(values[0]);
  return value !== undefined && Number(value) < Number(values[0]);
}

function isSelected(pod: Pod, node: Node): boolean {
  const labels = labelsOf(node);
  if (!Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value))
    return false;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!required) return true;
  return (required.nodeSelectorTerms ?? []).some((term) =>
    (term.matchExpressions ?? []).every((requirement) => meets(labels, requirement)),
  );
}

function selects(selector: k8s.LabelSelector | undefined, pod: Pod): boolean {
  if (!selector) return false;
  const labels = labelsOf(pod);
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every((requirement) => meets(labels, requirement))
  );
}

const NAMES = ['cpu', 'memory', 'example.com/gpu'];

const asked = (pod: Pod, name: string): number =>
  (pod.spec?.containers ?? []).reduce(
    (sum, { resources }) => sum + Quantity.parse(resources?.requests?.[name] ?? '0').milliValue(),
    0,
  );

function hasRoom(pod: Pod, node: Node, here: readonly Pod[]): boolean {
  const { allocatable = {} } = node.status ?? {};
  if (here.length + 1 > Number(allocatable.pods)) return false;
  return NAMES.every((name) => {
    const wanted = asked(pod, name);
    const taken = here.reduce((sum, other) => sum + asked(other, name), 0);
    return wanted === 0 || taken + wanted <= Quantity.parse(allocatable[name] ?? '0').milliValue();
  });
}

const portsOf = (pod: Pod): number[] =>
  (pod.spec?.containers ?? []).flatMap(({ ports = [] }) => ports.flatMap(({ hostPort }) => hostPort ?? []));

const hasPorts = (pod: Pod, here: readonly Pod[]): boolean =>
  !portsOf(pod).some((port) => here.some((other) => portsOf(other).includes(port)));

function isSpread(pod: Pod, node: Node, nodes: readonly Node[], placed: readonly Pod[]): boolean {
  const hard = (pod.spec?.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
  );
  const all = nodes.filter((other) =>
    hard.every(({ topologyKey }) => labelsOf(other)[topologyKey] !== undefined),
  );
  return hard.every(({ topologyKey, maxSkew, labelSelector, minDomains = 1, nodeTaintsPolicy }) => {
    const eligible = all.filter(
      (other) =>
        isSelected(pod, other) &&
        (nodeTaintsPolicy !== 'Honor' ||
          bearsTaints(pod, { ...other, spec: { taints: other.spec?.taints ?? [] } })),
    );
    const domain = labelsOf(node)[topologyKey];
    if (domain === undefined) return false;
    const counts = new Map<string, number>();
    for (const other of eligible) {
      const value = labelsOf(other)[topologyKey] ?? '';
      const here = placed.filter(
        (each) =>
          each.spec?.nodeName === other.metadata.name &&
          each.metadata.namespace === pod.metadata.namespace &&
          selects(labelSelector, each),
      );
      counts.set(value, (counts.get(value) ?? 0) + here.length);
    }
    const least = counts.size < minDomains ? 0 : Math.min(...counts.values());
    const self = selects(labelSelector, pod) ? 1 : 0;
    return (counts.get(domain) ?? 0) + self - (counts.size === 0 ? 0 : least) <= maxSkew;
  });
}

function isMeant(term: k8s.PodAffinityTerm, owner: Pod, other: Pod): boolean {
  const namespaces = term.namespaces ?? (term.namespaceSelector ? [] : [owner.metadata.namespace ?? '']);
  const isIn = term.namespaceSelector !== undefined || namespaces.includes(other.metadata.namespace ?? '');
  return isIn && selects(term.labelSelector, other);
}

function isLiked(pod: Pod, node: Node, nodes: readonly Node[], placed: readonly Pod[]): boolean {
  const domainOf = (other: Pod, key: string) =>
    labelsOf(nodes.find(({ metadata }) => metadata.name === other.spec?.nodeName) ?? node0)[key];
  const isWith = (other: Pod, key: string) =>
    labelsOf(node)[key] !== undefined && domainOf(other, key) === labelsOf(node)[key];
  const requiredOf = (of: Pod, kind: 'podAffinity' | 'podAntiAffinity') =>
    of.spec?.affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const away = requiredOf(pod, 'podAntiAffinity');
  if (
    away.some((term) => placed.some((other) => isMeant(term, pod, other) && isWith(other, term.topologyKey)))
  )
    return false;
  const kept = placed.some((other) =>
    requiredOf(other, 'podAntiAffinity').some(
      (term) => isMeant(term, other, pod) && isWith(other, term.topologyKey),
    ),
  );
  if (kept) return false;
  const near = requiredOf(pod, 'podAffinity');
  if (near.length === 0) return true;
  if (near.some(({ topologyKey }) => labelsOf(node)[topologyKey] === undefined)) return false;
  const friends = placed.filter((other) => near.every((term) => isMeant(term, pod, other)));
  const known = friends.filter((other) =>
    near.some(({ topologyKey }) => domainOf(other, topologyKey) !== undefined),
  );
  if (known.length === 0) return near.every((term) => isMeant(term, pod, pod));
  return near.every(({ topologyKey }) => friends.some((other) => isWith(other, topologyKey)));
}

const node0: Node = { apiVersion: 'v1', kind: 'Node', metadata: {} };
