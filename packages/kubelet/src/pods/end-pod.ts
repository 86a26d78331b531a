import { type ContainerSpec, containerSpecs } from './container-spec.ts';
import { type Draft, finish, type PodDecision, wake } from './decision.ts';
import type { PodContainer } from './pod-view.ts';

/** Even those that are late get this long before SIGKILL (kuberuntime minimumGracePeriodInSeconds). */
const LEAST_GRACE_SECONDS = 2;
const DEFAULT_GRACE_SECONDS = 30;

/**
 * Ends a pod: all containers but sidecars at once; then the sidecars from the last to the first, each when those that
 * came after it are gone, or when the pod's grace is over; then the sandbox (KEP-753, termination ordering).
 */
export function endPod(draft: Draft): PodDecision {
  const { pod, view, now, memory, verdict } = draft.input;
  // what was to be started is not
  draft.actions.length = 0;
  draft.waiting.clear();
  draft.wakeAt = undefined;
  const since = memory.endingSince ?? now;
  const own =
    pod.metadata?.deletionGracePeriodSeconds ??
    pod.spec?.terminationGracePeriodSeconds ??
    DEFAULT_GRACE_SECONDS;
  const grace = Math.min(own, verdict?.graceSeconds ?? own);
  const deadline = since + grace * 1000;
  const graceSeconds = Math.max(LEAST_GRACE_SECONDS, Math.ceil((deadline - now) / 1000));
  const running = view.containers.filter(({ state }) => state === 'running' || state === 'unknown');
  const turns = turnsOf(containerSpecs(pod.spec ?? {}), running, now >= deadline);
  for (const { id, name } of turns) {
    const message = `Stopping container ${name}`;
    draft.actions.push({ do: 'kill-container', name, id, graceSeconds, reason: 'pod-ends', message });
  }
  if (turns.length < running.length) wake(draft, deadline);
  const ready = view.sandboxes.filter((sandbox) => sandbox.ready);
  if (running.length === 0) for (const { id } of ready) draft.actions.push({ do: 'stop-sandbox', id });
  return finish(draft, running.length === 0 && ready.length === 0, since);
}

/** Whose turn it is to end. */
function turnsOf(
  specs: readonly ContainerSpec[],
  running: readonly PodContainer[],
  late: boolean,
): readonly PodContainer[] {
  const sidecars = specs.filter(({ kind }) => kind === 'sidecar').map(({ container }) => container.name);
  const others = running.filter(({ name }) => !sidecars.includes(name));
  if (late) return running;
  if (others.length > 0) return others;
  const last = sidecars.findLast((name) => running.some((container) => container.name === name));
  return running.filter(({ name }) => name === last);
}
