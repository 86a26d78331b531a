import type { k8s } from '@sampan/api';
import type { Amounts } from '../resize/allocation.ts';
import { type ContainerKind, containerSpecs } from './container-spec.ts';
import type { PodContainer, PodView, ProbeResults } from './pod-view.ts';
import type { ResizeStatus } from './resize-conditions.ts';
import { restartsAfter } from './restart-policy.ts';

export interface StatusInput {
  readonly pod: k8s.Pod;
  readonly view: PodView;
  readonly probes: ProbeResults;
  /** Why containers wait, by name: failures to start and backoffs. */
  readonly waiting: ReadonlyMap<string, { readonly reason: string; readonly message: string }>;
  /** Absent: all have what their spec says. */
  readonly resize?: ResizeStatus;
  /** Ids of containers that were ended to be started again: that is not how they end. */
  readonly restarting?: ReadonlySet<string>;
  /** What was last told; the pod's own at first. */
  readonly previous: k8s.PodStatus;
}

export interface ContainerStatuses {
  readonly init: k8s.ContainerStatus[];
  readonly regular: k8s.ContainerStatus[];
  readonly ephemeral: k8s.ContainerStatus[];
}

/** The API's statuses of all containers, in the order of the spec (kubelet convertToAPIContainerStatuses). */
export function containerStatuses(input: StatusInput): ContainerStatuses {
  const { previous, pod } = input;
  const old = new Map(
    [
      ...(previous.initContainerStatuses ?? []),
      ...(previous.containerStatuses ?? []),
      ...(previous.ephemeralContainerStatuses ?? []),
    ].map((status) => [status.name, status]),
  );
  const result: ContainerStatuses = { init: [], regular: [], ephemeral: [] };
  for (const { kind, container } of containerSpecs(pod.spec ?? {})) {
    const status = oneStatus(input, kind, container, old.get(container.name));
    const list = kind === 'regular' ? result.regular : kind === 'ephemeral' ? result.ephemeral : result.init;
    list.push(status);
  }
  return result;
}

function oneStatus(
  input: StatusInput,
  kind: ContainerKind,
  container: k8s.Container,
  old: k8s.ContainerStatus | undefined,
): k8s.ContainerStatus {
  const made = input.view.containers.filter(({ name }) => name === container.name);
  const [latest, earlier] = made;
  const status = latest ? fromRuntime(latest, old) : fromMemory(input, container, old);
  if (earlier) status.lastState = stateOf(earlier, undefined);
  const waiting = input.waiting.get(container.name);
  if (waiting && mayStart(input.pod, kind, container, latest)) {
    if (status.state?.terminated) status.lastState = { terminated: status.state.terminated };
    status.state = { waiting: compact(waiting) };
  }
  if (latest?.state === 'exited' && input.restarting?.has(latest.id)) {
    status.lastState = stateOf(latest, undefined);
    status.state = { waiting: {} };
  }
  const mounts = mountStatuses(container);
  if (mounts.length > 0) status.volumeMounts = mounts;
  if (status.state?.running) withResources(status, container, input.resize?.actual.get(latest?.id ?? ''));
  return withReadiness(status, kind, container, latest, input.probes, old);
}

/** Of a container that the runtime has. */
function fromRuntime(made: PodContainer, old: k8s.ContainerStatus | undefined): k8s.ContainerStatus {
  return {
    name: made.name,
    state: stateOf(made, old),
    lastState: {},
    ready: false,
    restartCount: made.attempt,
    image: made.image,
    imageID: made.imageRef,
    containerID: containerId(made),
  };
}

function stateOf(made: PodContainer, old: k8s.ContainerStatus | undefined): k8s.ContainerState {
  switch (made.state) {
    case 'running':
      return { running: { startedAt: isoSeconds(made.startedAt) } };
    case 'created':
      return { waiting: { reason: 'ContainerCreating' } };
    case 'exited':
      return {
        terminated: {
          exitCode: made.exitCode,
          ...compact({ reason: made.reason, message: made.message }),
          startedAt: isoSeconds(made.startedAt),
          finishedAt: isoSeconds(made.finishedAt),
          containerID: containerId(made),
        },
      };
    case 'unknown':
      // it was seen to run and is not to be found: it must not seem never to have run
      return old?.state?.running
        ? lostState('The container could not be located when the pod was terminated')
        : { waiting: {} };
  }
}

function lostState(message: string): k8s.ContainerState {
  return {
    terminated: {
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      message,
      startedAt: null,
      finishedAt: null,
    },
  };
}

/** Of a container that the runtime does not have: not yet, or no more. */
function fromMemory(
  { pod }: StatusInput,
  container: k8s.Container,
  old: k8s.ContainerStatus | undefined,
): k8s.ContainerStatus {
  if (old?.state?.terminated) return { ...old };
  const reason = (pod.spec?.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating';
  const status: k8s.ContainerStatus = {
    name: container.name,
    state: { waiting: { reason } },
    lastState: old?.lastState ?? {},
    ready: false,
    restartCount: old?.restartCount ?? 0,
    image: container.image ?? '',
    imageID: '',
  };
  if (old?.state?.running && !status.lastState?.terminated) {
    status.lastState = lostState(
      'The container could not be located when the pod was deleted.  The container used to be Running',
    );
    if (pod.metadata?.deletionTimestamp === undefined) status.restartCount++;
  }
  return status;
}

/** Whether the container is one that will be started: only then is it waiting. */
function mayStart(
  { spec, metadata }: k8s.Pod,
  kind: ContainerKind,
  container: k8s.Container,
  latest: PodContainer | undefined,
): boolean {
  if (!latest) return true;
  if (metadata?.deletionTimestamp !== undefined || latest.state === 'running') return false;
  if (latest.state !== 'exited') return true;
  if (kind === 'ephemeral' || (kind === 'init' && latest.exitCode === 0)) return false;
  return kind === 'sidecar' || restartsAfter(spec ?? {}, container, latest.exitCode);
}

/**
 * `started` and `ready` as the prober manager's UpdatePodStatus sets them. Until a container that the agent found
 * running is probed, what was told of it holds.
 */
function withReadiness(
  status: k8s.ContainerStatus,
  kind: ContainerKind,
  container: k8s.Container,
  latest: PodContainer | undefined,
  probes: ProbeResults,
  old: k8s.ContainerStatus | undefined,
): k8s.ContainerStatus {
  if (kind === 'ephemeral') return status;
  const results = latest && probes.get(latest.id);
  const told = old?.containerID === status.containerID ? old : undefined;
  const passes = (kindOfProbe: 'startup' | 'readiness', before: boolean | undefined): boolean => {
    const result = results?.[kindOfProbe];
    return result === undefined ? before === true : result === 'success';
  };
  const running = status.state?.running !== undefined;
  const started = running && (!container.startupProbe || passes('startup', told?.started));
  status.started = started;
  if (kind === 'init') status.ready = status.state?.terminated?.exitCode === 0;
  else status.ready = started && (!container.readinessProbe || passes('readiness', told?.ready));
  return status;
}

function mountStatuses(container: k8s.Container): k8s.VolumeMountStatus[] {
  return (container.volumeMounts ?? []).map(({ name, mountPath, readOnly }) => ({
    name,
    mountPath,
    ...(readOnly ? { readOnly, recursiveReadOnly: 'Disabled' } : {}),
  }));
}

/** What a container was given, and what it runs with (KEP-1287). */
function withResources(
  status: k8s.ContainerStatus,
  { resources = {} }: k8s.Container,
  actual: Amounts = {},
): void {
  if (resources.requests) status.allocatedResources = resources.requests;
  const limits = resources.limits && { ...resources.limits, ...actual.limits };
  const requests = resources.requests && { ...resources.requests, ...actual.requests };
  status.resources = { ...(limits && { limits }), ...(requests && { requests }) };
}

function containerId({ id }: PodContainer): string {
  return `containerd://${id}`;
}

/** metav1.Time: whole seconds; null for the zero time. */
export function isoSeconds(ms: number): string | null {
  return ms > 0 ? `${new Date(ms).toISOString().slice(0, 19)}Z` : null;
}

function compact<T extends Record<string, string>>(texts: T): Partial<T> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== '')) as Partial<T>;
}
