import type { k8s } from '@sampan/api';

/** What `kubectl describe` tells of a pod on its node (kubelet events/event.go). */
export interface PodEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: PodEventReason;
  readonly message: string;
  /** As in `involvedObject.fieldPath`: `spec.containers{NAME}`; absent: of the pod. */
  readonly fieldPath?: string;
}

export type PodEventReason =
  | 'BackOff'
  | 'Created'
  | 'ErrImageNeverPull'
  | 'Failed'
  | 'FailedCreatePodSandBox'
  | 'FailedKillPod'
  | 'FailedMapVolume'
  | 'FailedMount'
  | 'FailedPostStartHook'
  | 'FailedPreStopHook'
  | 'InspectFailed'
  | 'Killing'
  | 'ProbeWarning'
  | 'Pulled'
  | 'Pulling'
  | 'ResizeCompleted'
  | 'ResizeDeferred'
  | 'ResizeError'
  | 'ResizeInfeasible'
  | 'ResizeStarted'
  | 'SandboxChanged'
  | 'Started'
  | 'Unhealthy';

/** Tells an event of a pod; must not throw. */
export type TellEvent = (event: PodEvent) => void;

/** Where a container stands in the pod's spec. */
export function fieldPath({ spec }: k8s.Pod, name: string): string {
  const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;
  const list = lists.find((each) => (spec?.[each] ?? []).some((container) => container.name === name));
  return `spec.${list ?? 'containers'}{${name}}`;
}

/** As Go prints a duration to milliseconds: `830ms`, `1.594s`, `1m2.5s`. */
export function goMilliseconds(ms: number): string {
  const whole = Math.round(ms);
  if (whole < 1000) return `${whole}ms`;
  const minutes = Math.floor(whole / 60_000);
  const seconds = `${(whole % 60_000) / 1000}s`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
