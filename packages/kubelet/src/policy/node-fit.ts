import {
  type k8s,
  matchesRequirement,
  podRequests,
  type Requirement,
  type SelectorOperator,
} from '@sampan/api';
import { Quantity, ZERO_QUANTITY } from '@sampan/base';

/** Why a pod does not fit on its node. */
export interface Misfit {
  readonly reason: string;
  readonly message: string;
}

const LEADING = ['cpu', 'memory', 'ephemeral-storage'];

/** Upstream's order, and that what a node does not have at all of extended resources is not its own. */
function wanted(
  requests: ReadonlyMap<string, Quantity>,
  allocatable: Readonly<Record<string, string>>,
): string[] {
  const others = [...requests.keys()].filter(
    (name) => !LEADING.includes(name) && Object.hasOwn(allocatable, name),
  );
  return [...LEADING.filter((name) => requests.has(name)), ...others.sort()];
}

/** The first resource that the node does not have for one more pod (noderesources.Fits). */
export function resourceMisfit(
  pod: k8s.Pod,
  others: readonly k8s.Pod[],
  allocatable: Readonly<Record<string, string>>,
): Misfit | undefined {
  const pods = Quantity.tryParse(allocatable.pods ?? '')?.value() ?? 0;
  if (others.length + 1 > pods) return outOf('pods', 1, others.length, pods);
  const requests = podRequests(pod.spec ?? {});
  const used = others.map(({ spec }) => podRequests(spec ?? {}));
  for (const name of wanted(requests, allocatable)) {
    const asked = amount(name, requests.get(name) ?? ZERO_QUANTITY);
    if (asked === 0) continue;
    const taken = used.reduce((sum, each) => sum + amount(name, each.get(name) ?? ZERO_QUANTITY), 0);
    const capacity = amount(name, Quantity.tryParse(allocatable[name] ?? '') ?? ZERO_QUANTITY);
    if (asked > capacity - taken) return outOf(name, asked, taken, capacity);
  }
  return undefined;
}

const amount = (name: string, quantity: Quantity): number =>
  name === 'cpu' ? quantity.milliValue() : quantity.value();

function outOf(name: string, requested: number, used: number, capacity: number): Misfit {
  const message = `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`;
  return { reason: `OutOf${name}`, message };
}

const OPERATORS = new Map<string, SelectorOperator>([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
  ['Gt', 'gt'],
  ['Lt', 'lt'],
]);

/** Whether a node is one that the pod asks for by selector and required affinity (component-helpers nodeaffinity). */
export function matchesNode(spec: k8s.PodSpec, node: k8s.Node): boolean {
  const labels = node.metadata?.labels ?? {};
  const selector = Object.entries(spec.nodeSelector ?? {});
  if (selector.some(([name, value]) => !Object.hasOwn(labels, name) || labels[name] !== value)) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!required) return true;
  const fields = { 'metadata.name': node.metadata?.name ?? '' };
  return (required.nodeSelectorTerms ?? []).some((term) => {
    const [byLabel, byField] = [term.matchExpressions ?? [], term.matchFields ?? []];
    if (byLabel.length + byField.length === 0) return false;
    return byLabel.every((each) => meets(each, labels)) && byField.every((each) => meets(each, fields));
  });
}

function meets(
  { key, operator, values }: k8s.NodeSelectorRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const known = OPERATORS.get(operator);
  if (known === undefined) return false;
  const requirement: Requirement = { key, operator: known, values: values ?? [] };
  return matchesRequirement(requirement, labels);
}

/** Whether a pod bears a taint (v1helper.ToleratesTaint). */
export function tolerates(tolerations: readonly k8s.Toleration[], taint: k8s.Taint): boolean {
  return tolerations.some(({ key = '', operator = '', value = '', effect = '' }) => {
    if (effect !== '' && effect !== taint.effect) return false;
    if (key !== '' && key !== taint.key) return false;
    if (operator === 'Exists') return true;
    return (operator === '' || operator === 'Equal') && key !== '' && value === (taint.value ?? '');
  });
}

/** Whether a port of the node that the pod wants is another pod's (nodeports.Fits). */
export function portsClash(pod: k8s.Pod, others: readonly k8s.Pod[]): boolean {
  const taken = others.flatMap(hostPorts);
  return hostPorts(pod).some((port) =>
    taken.some(
      (other) =>
        other.port === port.port && (other.ip === port.ip || other.ip === ANY_IP || port.ip === ANY_IP),
    ),
  );
}

const ANY_IP = '0.0.0.0';

function hostPorts({ spec = {} }: k8s.Pod): { ip: string; port: string }[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...(spec.containers ?? []), ...sidecars].flatMap(({ ports }) =>
    (ports ?? []).flatMap(({ hostPort, hostIP, protocol }) =>
      hostPort ? [{ ip: hostIP || ANY_IP, port: `${protocol || 'TCP'}/${hostPort}` }] : [],
    ),
  );
}
