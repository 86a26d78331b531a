import type { k8s } from '@sampan/api';
import { containerChange } from '../resize/container-change.ts';
import { isSidecar } from './container-spec.ts';
import { type Draft, kill, start } from './decision.ts';
import { containerFailed, latestContainer, type PodContainer } from './pod-view.ts';
import { definitionChanged, retriesInit } from './restart-policy.ts';

export type InitProgress = 'initializing' | 'initialized' | 'failed';

/**
 * Starts the next init container and keeps sidecars running (kuberuntime computeInitContainerActions). Looks only at
 * containers of the present sandbox: in a new one, initialization begins anew. `failed`: for good.
 */
export function decideInit(draft: Draft, sandboxId: string): InitProgress {
  const { pod, view } = draft.input;
  const spec = pod.spec ?? {};
  const list = spec.initContainers ?? [];
  if (list.length === 0) return 'initialized';
  const before = (spec.containers ?? []).some(({ name }) => latestContainer(view, name, sandboxId));
  const toStart = new Set<number>();
  let initialized = before;
  let passed = before;
  // from the last one: of those that are done, only the last need be known still
  for (let index = list.length - 1; index >= 0; index--) {
    const container = list[index];
    if (!container) continue;
    const latest = latestContainer(view, container.name, sandboxId);
    if (!latest) {
      if (passed && isSidecar(container)) toStart.add(index);
      continue;
    }
    if (passed && !isSidecar(container)) continue;
    const outcome = judge(draft, container, latest);
    if (outcome === 'failed') return 'failed';
    if (outcome === 'again') toStart.add(index);
    if (outcome === 'done') {
      if (index === list.length - 1) initialized = true;
      else if (!passed) toStart.add(index + 1);
    }
    passed = true;
  }
  if (!passed) toStart.add(0);
  for (const index of [...toStart].sort((a, b) => a - b)) {
    const container = list[index];
    if (container) start(draft, container, isSidecar(container) ? 'sidecar' : 'init', sandboxId);
  }
  return initialized ? 'initialized' : 'initializing';
}

/** `done`: the next may start; `again`: it must be started; `wait`: it is at it. */
type Outcome = 'done' | 'again' | 'wait' | 'failed';

function judge(draft: Draft, container: k8s.Container, latest: PodContainer): Outcome {
  const spec = draft.input.pod.spec ?? {};
  const sidecar = isSidecar(container);
  switch (latest.state) {
    case 'created':
      return 'again';
    case 'running':
      return sidecar ? judgeSidecar(draft, container, latest) : 'wait';
    case 'exited':
      if (sidecar) return 'again';
      if (!containerFailed(latest)) return 'done';
      return retriesInit(spec, container, latest.exitCode) ? 'again' : 'failed';
    case 'unknown': {
      if (!retriesInit(spec, container, 1)) return 'failed';
      const message = 'Init container is in "unknown" state, try killing it before restart';
      kill(draft, container, latest.id, 'unknown-state', message);
      return 'wait';
    }
  }
}

/** A running sidecar lets the next one start when its startup probe, if any, has succeeded. */
function judgeSidecar(draft: Draft, container: k8s.Container, latest: PodContainer): Outcome {
  const probes = draft.input.probes.get(latest.id);
  const { name } = container;
  if (container.startupProbe && probes?.startup !== 'success') {
    if (probes?.startup === 'failure') {
      kill(draft, container, latest.id, 'startup-probe', `Init container ${name} failed startup probe`);
    }
    return 'wait';
  }
  // those that are killed here are started again when they have ended
  if (definitionChanged(container, latest)) {
    kill(draft, container, latest.id, 'changed', `Init container ${name} definition changed`);
  } else if (probes?.liveness === 'failure') {
    kill(draft, container, latest.id, 'liveness-probe', `Init container ${name} failed liveness probe`);
  } else if (containerChange(container, draft.input.resize?.actual.get(latest.id)) === 'restart') {
    kill(draft, container, latest.id, 'resize', `Init container ${name} resize requires restart`);
  }
  return 'done';
}
