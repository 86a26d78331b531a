import { type k8s, podQOS } from '@sampan/api';
import { containerStatuses, isoSeconds, type StatusInput } from './container-statuses.ts';
import type { Verdict } from './decision.ts';
import {
  containersReady,
  EVICTED_BY_NODE,
  OWN_CONDITIONS,
  podInitialized,
  podReady,
} from './pod-conditions.ts';
import { type PodPhase, podPhase } from './pod-phase.ts';
import { resizeConditions } from './resize-conditions.ts';
import { needsSandbox } from './sandbox-choice.ts';

export interface PodStatusInput extends StatusInput {
  /** Nothing of the pod runs and nothing will. */
  readonly ended: boolean;
  /** The node wants it gone: the pod fails for this. */
  readonly verdict?: Verdict;
  /** Addresses of the node, the first one preferred. */
  readonly hostIPs: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The status of a pod from what the runtime has of it (kubelet generateAPIPodStatus and the status manager). */
export function podStatus(input: PodStatusInput): k8s.PodStatus {
  const { pod, previous, view, now } = input;
  const spec = pod.spec ?? {};
  const { init, regular, ephemeral } = containerStatuses(input);
  const statuses = new Map([...init, ...regular].map((status) => [status.name, status]));
  const phase = choosePhase(input, podPhase(spec, statuses, input.ended));
  const disruption = disruptionOf(input.verdict);
  const foreign = (pod.status?.conditions ?? []).filter(
    ({ type }) => !OWN_CONDITIONS.has(type) && !Object.hasOwn(disruption, type),
  );
  const containers = containersReady(spec, statuses, phase);
  const own = {
    PodReadyToStartContainers: { status: needsSandbox(pod, view).create ? 'False' : 'True' },
    Initialized: podInitialized(spec, statuses, phase),
    Ready: podReady(spec, foreign, containers),
    ContainersReady: containers,
    PodScheduled: { status: 'True' },
    ...resizeConditions(input.resize),
    ...disruption,
  };
  const generation = pod.metadata?.generation;
  const conditions = Object.entries(own).map(([type, verdict]) =>
    withTransition({ type, ...verdict, lastProbeTime: null }, previous.conditions, now, generation),
  );
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    ...reasonOf(input, phase),
    conditions: [...foreign, ...conditions],
    ...addresses(input),
    startTime: previous.startTime ?? isoSeconds(now) ?? '',
    ...(init.length > 0 && { initContainerStatuses: init }),
    containerStatuses: regular,
    ...(ephemeral.length > 0 && { ephemeralContainerStatuses: ephemeral }),
    qosClass: podQOS(spec),
    ...wholeResources(spec, input.resize),
  };
}

/** Says of a pod that was evicted that it is not to blame (KEP-3329). */
function disruptionOf(verdict: Verdict | undefined) {
  if (!verdict?.disruption) return {};
  const { message } = verdict;
  return { DisruptionTarget: { status: 'True', reason: EVICTED_BY_NODE, message } };
}

/** Of a pod that says something of itself as a whole: what it was given, and what is in force (KEP-2837, KEP-5419). */
function wholeResources(
  { resources }: k8s.PodSpec,
  resize: PodStatusInput['resize'],
): Pick<k8s.PodStatus, 'resources' | 'allocatedResources'> {
  if (!resources) return {};
  const { requests, limits } = resources;
  const actual = resize?.pod ?? {};
  return {
    ...(requests && { allocatedResources: requests }),
    resources: {
      ...(limits && { limits: { ...limits, ...actual.limits } }),
      ...(requests && { requests: { ...requests, ...actual.requests } }),
    },
  };
}

/** A pod that is over stays so. */
function choosePhase(
  { pod, previous, verdict, ended, restarting }: PodStatusInput,
  computed: PodPhase,
): PodPhase {
  for (const told of [pod.status?.phase, previous.phase])
    if (told === 'Failed' || told === 'Succeeded') return told;
  // over, and not all of it ended by itself: it may never have begun
  const over = computed === 'Failed' || computed === 'Succeeded';
  if (verdict || (ended && !over)) return 'Failed';
  return over && !ended && restarting && restarting.size > 0 ? 'Running' : computed;
}

/** The reason stays as long as the phase does. */
function reasonOf(
  { pod, previous, verdict }: PodStatusInput,
  phase: PodPhase,
): Pick<k8s.PodStatus, 'reason' | 'message'> {
  if (verdict && previous.phase !== 'Succeeded') return { reason: verdict.reason, message: verdict.message };
  if (phase !== previous.phase) return {};
  const reason = previous.reason ?? pod.status?.reason;
  const message = previous.message ?? pod.status?.message;
  return { ...(reason && { reason }), ...(message && { message }) };
}

function withTransition(
  condition: k8s.PodCondition,
  previous: readonly k8s.PodCondition[] | undefined,
  now: number,
  generation: number | undefined,
): k8s.PodCondition {
  const old = previous?.find(({ type }) => type === condition.type);
  const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : undefined;
  return {
    ...condition,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime: lastTransitionTime ?? isoSeconds(now),
  };
}

function addresses({ pod, view, hostIPs, previous }: PodStatusInput): Partial<k8s.PodStatus> {
  const [hostIP] = hostIPs;
  const newest = view.sandboxes[0];
  const runtime = newest?.ready || newest?.ips.length ? newest.ips : [];
  const own = pod.spec?.hostNetwork ? hostIPs : runtime;
  // a pod that is over keeps the address it had
  const ips = own.length > 0 ? own : (previous.podIPs ?? []).map(({ ip }) => ip);
  return {
    ...(hostIP !== undefined && { hostIP, hostIPs: hostIPs.map((ip) => ({ ip })) }),
    ...(ips[0] !== undefined && { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
  };
}
