import type { k8s } from '@sampan/api';
import { containerChange } from '../resize/container-change.ts';
import { isSettled, resizable } from '../resize/resize-need.ts';
import { containerSpecs } from './container-spec.ts';
import { decideInit } from './decide-init.ts';
import {
  type Draft,
  finish,
  kill,
  newDraft,
  type PodDecision,
  type PodInput,
  start,
  wake,
} from './decision.ts';
import { endPod } from './end-pod.ts';
import { containerFailed, latestContainer, type PodContainer, type PodView } from './pod-view.ts';
import { definitionChanged, restartsAfter, shouldStart } from './restart-policy.ts';
import { needsSandbox } from './sandbox-choice.ts';

/**
 * What to do next for a pod: from its spec, what the runtime has of it, its probes and the time. Pure; deciding again
 * while actions are under way gives them again (kuberuntime computePodActions).
 */
export function decidePod(input: PodInput): PodDecision {
  const draft = newDraft(input);
  if (mustEnd(input)) return endPod(draft);
  const { pod, view } = input;
  const spec = pod.spec ?? {};
  const sandbox = needsSandbox(pod, view);
  if (sandbox.create) {
    if (!worthSandbox(draft, sandbox.attempt)) return endPod(draft);
    replaceSandbox(draft, sandbox.attempt);
    return finish(draft);
  }
  for (const { kind, container } of containerSpecs(spec)) {
    if (kind === 'ephemeral' && !latestContainer(view, container.name)) {
      start(draft, container, kind, sandbox.id);
    }
  }
  const init = decideInit(draft, sandbox.id);
  if (init === 'failed') return endPod(draft);
  if (init === 'initialized' && !decideRegular(draft, sandbox.id)) return endPod(draft);
  decideResize(draft);
  return finish(draft);
}

/** What still runs outside a usable sandbox ends first. */
function replaceSandbox(draft: Draft, attempt: number): void {
  const { pod, view, failures, now } = draft.input;
  const running = view.containers.filter(({ state }) => state === 'running');
  for (const { id, name } of running) {
    if (restartsWhenKilled(pod.spec ?? {}, name)) draft.restarting.add(id);
    kill(draft, { name }, id, 'pod-ends', 'Pod sandbox changed, it will be killed and re-created.');
  }
  const retryAt = failures.get('')?.retryAt ?? 0;
  if (retryAt > now) wake(draft, retryAt);
  else if (running.length === 0) {
    draft.actions.push({ do: 'create-sandbox', attempt, replaces: view.sandboxes.map(({ id }) => id) });
  }
}

/** Deleted, over by its phase, or condemned by the node. */
function mustEnd({ pod, verdict }: PodInput): boolean {
  const phase = pod.status?.phase;
  return (
    pod.metadata?.deletionTimestamp !== undefined ||
    verdict !== undefined ||
    phase === 'Failed' ||
    phase === 'Succeeded'
  );
}

/** A pod whose containers are done gets no new sandbox. */
function worthSandbox({ input: { pod, view }, restarting }: Draft, attempt: number): boolean {
  const spec = pod.spec ?? {};
  const containers = spec.containers ?? [];
  if (attempt === 0 || view.containers.length === 0) return true;
  const wanted = containers.some((container) => {
    const latest = lost(view, container.name);
    return shouldStart(spec, container, latest) || restarting.has(latest?.id ?? '');
  });
  if (!wanted) return false;
  // an init container that failed for good
  return !(spec.initContainers ?? []).some((container) => {
    const latest = latestContainer(view, container.name);
    return spec.restartPolicy === 'Never' && latest && latest.state === 'exited' && containerFailed(latest);
  });
}

const KILLED = 137;

/** That a container was killed is a failure, whatever it exits with. */
function restartsWhenKilled(spec: k8s.PodSpec, name: string): boolean {
  const container = (spec.containers ?? []).find((each) => each.name === name);
  return container !== undefined && restartsAfter(spec, container, KILLED);
}

/** With its sandbox gone a container does not run, whatever the runtime thinks it knows. */
function lost(view: PodView, name: string) {
  const latest = latestContainer(view, name);
  return latest?.state === 'running' ? { ...latest, state: 'exited' as const, exitCode: KILLED } : latest;
}

/** Starts and kills regular containers; false when none runs and none will. */
function decideRegular(draft: Draft, sandboxId: string): boolean {
  const { pod, view } = draft.input;
  const spec = pod.spec ?? {};
  let alive = 0;
  let isBlocked = false;
  for (const container of spec.containers ?? []) {
    const latest = latestContainer(view, container.name);
    if (latest?.state === 'running' && latest.sandboxId === sandboxId) {
      alive++;
      killRunning(draft, container, latest);
    } else if (latest?.state === 'unknown') {
      alive++;
      const message = `Container is in "unknown" state, try killing it before restart`;
      kill(draft, container, latest.id, 'unknown-state', message);
    } else if (
      draft.restarting.has(latest?.id ?? '') ||
      shouldStart(spec, container, lost(view, container.name))
    ) {
      alive++;
      // those that come after it wait for its hook, as pods rely on
      if (!isBlocked) isBlocked = start(draft, container, 'regular', sandboxId) && hasPostStart(container);
    }
  }
  return alive > 0;
}

function hasPostStart({ lifecycle }: k8s.Container): boolean {
  return lifecycle?.postStart !== undefined;
}

/** A container that runs must not go on when it is not what it should be, does not live, or cannot change as it runs. */
function killRunning(draft: Draft, container: k8s.Container, latest: PodContainer): void {
  const { pod, probes, resize } = draft.input;
  const { name } = container;
  const probe = probes.get(latest.id);
  const restarts = restartsWhenKilled(pod.spec ?? {}, name);
  const then = restarts ? ', will be restarted' : '';
  const unhealthy = probe?.liveness === 'failure' || probe?.startup === 'failure';
  if (unhealthy && restarts) draft.restarting.add(latest.id);
  if (definitionChanged(container, latest)) {
    draft.restarting.add(latest.id);
    kill(draft, container, latest.id, 'changed', `Container ${name} definition changed, will be restarted`);
  } else if (probe?.liveness === 'failure') {
    kill(draft, container, latest.id, 'liveness-probe', `Container ${name} failed liveness probe${then}`);
  } else if (probe?.startup === 'failure') {
    kill(draft, container, latest.id, 'startup-probe', `Container ${name} failed startup probe${then}`);
  } else if (containerChange(container, resize?.actual.get(latest.id)) === 'restart') {
    draft.restarting.add(latest.id);
    kill(draft, container, latest.id, 'resize', `Container ${name} resize requires restart`);
  }
}

/** Changes what runs; before the pod has room for what it was given, nothing more is started in it. */
function decideResize(draft: Draft): void {
  const { pod, view, resize } = draft.input;
  if (!resize) return;
  const updates = resizable(pod).some((container) => {
    const latest = latestContainer(view, container.name);
    const runs = latest?.state === 'running';
    return runs && containerChange(container, resize.actual.get(latest.id)) === 'update';
  });
  const restarts = draft.actions.some(
    (action) => action.do === 'kill-container' && action.reason === 'resize',
  );
  if (!updates && (restarts || isSettled(pod, resize.cgroup))) return;
  if (!resize.failed) {
    const others = draft.actions.filter((action) => action.do !== 'start-container');
    draft.actions.splice(0, draft.actions.length, ...others);
  }
  draft.actions.push({ do: 'resize' });
}
