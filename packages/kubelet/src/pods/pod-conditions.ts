import type { k8s } from '@sampan/api';
import { isSidecar } from './container-spec.ts';
import { anyRegularStarted, type PodPhase } from './pod-phase.ts';
import { RESIZE_CONDITIONS } from './resize-conditions.ts';

/** Those of the kubelet; all others belong to who set them. */
export const OWN_CONDITIONS: ReadonlySet<string> = new Set([
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
  ...RESIZE_CONDITIONS,
]);

/** The reason of `DisruptionTarget` on pods that the node evicts; others set that condition, too (KEP-3329). */
export const EVICTED_BY_NODE = 'TerminationByKubelet';

/** Whether it is the node that says so. */
export function isOwnCondition({ type, reason }: k8s.PodCondition): boolean {
  return OWN_CONDITIONS.has(type) || (type === 'DisruptionTarget' && reason === EVICTED_BY_NODE);
}

type Verdict = Pick<k8s.PodCondition, 'status' | 'reason' | 'message'>;
type Statuses = ReadonlyMap<string, k8s.ContainerStatus>;

const TRUE: Verdict = { status: 'True' };

/** Whether all regular containers and sidecars are ready (status GenerateContainersReadyCondition). */
export function containersReady(spec: k8s.PodSpec, statuses: Statuses, phase: PodPhase): Verdict {
  const watched = [...(spec.initContainers ?? []).filter(isSidecar), ...(spec.containers ?? [])];
  const unknown = names(watched.filter(({ name }) => !statuses.has(name)));
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const unready = names(watched.filter(({ name }) => statuses.get(name)?.ready === false));
  return verdict('ContainersNotReady', unknown, 'unready', unready);
}

/** Ready containers and readiness gates (status GeneratePodReadyCondition, KEP-580). */
export function podReady(
  spec: k8s.PodSpec,
  conditions: readonly k8s.PodCondition[],
  containers: Verdict,
): Verdict {
  if (containers.status !== 'True') return containers;
  const unmet = (spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const found = conditions.find(({ type }) => type === conditionType);
    if (!found) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (found.status === 'True') return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`];
  });
  if (unmet.length === 0) return TRUE;
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: unmet.join(', ') };
}

/** Whether all init containers are through (status GeneratePodInitializedCondition). */
export function podInitialized(spec: k8s.PodSpec, statuses: Statuses, phase: PodPhase): Verdict {
  const list = spec.initContainers ?? [];
  const unknown = names(list.filter(({ name }) => !statuses.has(name)));
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'True', reason: 'PodCompleted' };
  if (anyRegularStarted(spec, statuses)) return TRUE;
  const incomplete = list.filter((container) => {
    const status = statuses.get(container.name);
    return status && !(isSidecar(container) ? status.started : status.ready);
  });
  return verdict('ContainersNotInitialized', unknown, 'incomplete', names(incomplete));
}

function verdict(
  reason: string,
  unknown: readonly string[],
  word: string,
  found: readonly string[],
): Verdict {
  const parts = [
    ...(unknown.length > 0 ? [`containers with unknown status: [${unknown.join(' ')}]`] : []),
    ...(found.length > 0 ? [`containers with ${word} status: [${found.join(' ')}]`] : []),
  ];
  return parts.length === 0 ? TRUE : { status: 'False', reason, message: parts.join(', ') };
}

function names(containers: readonly k8s.Container[]): string[] {
  return containers.map(({ name }) => name);
}
