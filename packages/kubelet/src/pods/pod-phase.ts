import type { k8s } from '@sampan/api';
import { isSidecar } from './container-spec.ts';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

interface Tally {
  pendingInit: number;
  failedInit: number;
  unknown: number;
  running: number;
  waiting: number;
  stopped: number;
  succeeded: number;
}

/** The phase that the statuses of a pod's containers make (kubelet getPhase). `terminal`: nothing will start again. */
export function podPhase(
  spec: k8s.PodSpec,
  statuses: ReadonlyMap<string, k8s.ContainerStatus>,
  terminal: boolean,
): PodPhase {
  const tally: Tally = {
    pendingInit: 0,
    failedInit: 0,
    unknown: 0,
    running: 0,
    waiting: 0,
    stopped: 0,
    succeeded: 0,
  };
  for (const container of spec.initContainers ?? []) {
    const status = statuses.get(container.name);
    if (isSidecar(container)) countSidecar(tally, status);
    else countInit(tally, status);
  }
  for (const { name } of spec.containers ?? []) countRegular(tally, statuses.get(name));
  if (tally.failedInit > 0 && spec.restartPolicy === 'Never') return 'Failed';
  const begun = anyRegularStarted(spec, statuses);
  if ((tally.pendingInit > 0 && !begun) || tally.waiting > 0) return 'Pending';
  if (tally.running > 0 && tally.unknown === 0) return 'Running';
  if (tally.running === 0 && tally.stopped > 0 && tally.unknown === 0)
    return stoppedPhase(spec, tally, terminal);
  return 'Pending';
}

function stoppedPhase(spec: k8s.PodSpec, { stopped, succeeded }: Tally, terminal: boolean): PodPhase {
  const over = stopped === succeeded ? 'Succeeded' : 'Failed';
  if (terminal) return over;
  if ((spec.restartPolicy ?? 'Always') === 'Always') return 'Running';
  if (over === 'Succeeded' || spec.restartPolicy === 'Never') return over;
  return 'Running';
}

function countInit(tally: Tally, status: k8s.ContainerStatus | undefined): void {
  const ended = status?.state?.terminated ?? (status?.state?.waiting && status.lastState?.terminated);
  if (!ended) tally.pendingInit++;
  else if (ended.exitCode !== 0) tally.failedInit++;
}

/** One that has ended does not count: it will be restarted, or the pod is over. */
function countSidecar(tally: Tally, status: k8s.ContainerStatus | undefined): void {
  if (!status) tally.unknown++;
  else if (status.state?.running) {
    if (!status.started) tally.pendingInit++;
    tally.running++;
  } else if (status.state?.waiting) {
    if (status.lastState?.terminated) return;
    tally.pendingInit++;
    tally.waiting++;
  } else if (!status.state?.terminated) {
    tally.pendingInit++;
    tally.unknown++;
  }
}

function countRegular(tally: Tally, status: k8s.ContainerStatus | undefined): void {
  if (status?.state?.running) tally.running++;
  else if (status?.state?.terminated) {
    tally.stopped++;
    if (status.state.terminated.exitCode === 0) tally.succeeded++;
  } else if (status?.state?.waiting) {
    if (status.lastState?.terminated) tally.stopped++;
    else tally.waiting++;
  } else tally.unknown++;
}

/** container.HasAnyRegularContainerStarted: runs or ran, so that initialization was done once. */
export function anyRegularStarted(
  spec: k8s.PodSpec,
  statuses: ReadonlyMap<string, k8s.ContainerStatus>,
): boolean {
  return (spec.containers ?? []).some(({ name }) => {
    const status = statuses.get(name);
    return Boolean(status?.state?.running ?? status?.state?.terminated ?? status?.lastState?.terminated);
  });
}
