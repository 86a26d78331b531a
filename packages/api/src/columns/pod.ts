import { list, type Part } from '../core/shared.ts';
import type { Column } from '../kinds/resource.ts';
import type { KubeObject } from '../meta/object.ts';
import { ageColumn, NONE, nameColumn, text, wide } from './cells.ts';
import { since } from './duration.ts';

/** What `kubectl get pods` says of a pod. */
export interface PodSummary {
  readonly reason: string;
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
  /** When a container last restarted; RFC 3339. */
  readonly lastRestart: string | undefined;
}

interface Tally {
  restarts: number;
  lastRestart: string | undefined;
}

function count(tally: Tally, status: Part): void {
  tally.restarts += status.restartCount ?? 0;
  const finished: string | undefined = status.lastState?.terminated?.finishedAt;
  if (finished && (tally.lastRestart === undefined || Date.parse(finished) > Date.parse(tally.lastRestart))) {
    tally.lastRestart = finished;
  }
}

const hasCondition = (pod: KubeObject, type: string): boolean =>
  list(pod.status?.conditions).some((condition) => condition.type === type && condition.status === 'True');

function exitReason({ reason, signal, exitCode }: Part, prefix: string): string {
  if (reason) return `${prefix}${reason}`;
  return signal ? `${prefix}Signal:${signal}` : `${prefix}ExitCode:${exitCode ?? 0}`;
}

interface InitProgress {
  /** Why the pod is still initializing; undefined when it is not. */
  reason: string | undefined;
  ready: number;
  readonly all: Tally;
  readonly sidecars: Tally;
}

function initProgress(pod: KubeObject): InitProgress {
  const specs = list(pod.spec?.initContainers);
  const sidecars = new Set<string>(specs.filter((c) => c.restartPolicy === 'Always').map((c) => c.name));
  const tally = (): Tally => ({ restarts: 0, lastRestart: undefined });
  const progress: InitProgress = { reason: undefined, ready: 0, all: tally(), sidecars: tally() };
  for (const [index, status] of list(pod.status?.initContainerStatuses).entries()) {
    const isSidecar = sidecars.has(status.name);
    count(progress.all, status);
    if (isSidecar) count(progress.sidecars, status);
    const { terminated, waiting } = status.state ?? {};
    if (terminated !== undefined && !terminated.exitCode) continue;
    if (isSidecar && status.started === true) {
      if (status.ready) progress.ready++;
      continue;
    }
    if (terminated !== undefined) progress.reason = exitReason(terminated, 'Init:');
    else if (waiting?.reason && waiting.reason !== 'PodInitializing')
      progress.reason = `Init:${waiting.reason}`;
    else progress.reason = `Init:${index}/${specs.length}`;
    break;
  }
  return progress;
}

function initialReason(pod: KubeObject): string {
  const gated = list(pod.status?.conditions).some(
    (condition) => condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated',
  );
  return gated ? 'SchedulingGated' : pod.status?.reason || (pod.status?.phase ?? '');
}

/** Reads the main containers, last to first, so that the first one's state wins. */
function containerProgress(pod: KubeObject, before: string, tally: Tally): { reason: string; ready: number } {
  let reason = before;
  let ready = 0;
  for (const status of list(pod.status?.containerStatuses).toReversed()) {
    count(tally, status);
    const { waiting, terminated, running } = status.state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated !== undefined) reason = exitReason(terminated, '');
    else if (status.ready && running !== undefined) ready++;
  }
  if (reason === 'Completed' && ready > 0) reason = hasCondition(pod, 'Ready') ? 'Running' : 'NotReady';
  return { reason, ready };
}

/** printPod of upstream's printers. */
export function summarizePod(pod: KubeObject): PodSummary {
  const init = initProgress(pod);
  const sidecars = list(pod.spec?.initContainers).filter(
    (container) => container.restartPolicy === 'Always',
  ).length;
  let reason = init.reason ?? initialReason(pod);
  let { ready, all: tally } = init;
  if (init.reason === undefined || hasCondition(pod, 'Initialized')) {
    tally = init.sidecars;
    const progress = containerProgress(pod, reason, tally);
    reason = progress.reason;
    ready += progress.ready;
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    const phase = pod.status?.phase;
    if (pod.status?.reason === 'NodeLost') reason = 'Unknown';
    else if (phase !== 'Succeeded' && phase !== 'Failed') reason = 'Terminating';
  }
  return {
    reason,
    ready,
    total: list(pod.spec?.containers).length + sidecars,
    restarts: tally.restarts,
    lastRestart: tally.lastRestart,
  };
}

function readinessGates(pod: KubeObject): string {
  const gates = list(pod.spec?.readinessGates);
  if (gates.length === 0) return NONE;
  const passed = gates.filter((gate) => hasCondition(pod, gate.conditionType)).length;
  return `${passed}/${gates.length}`;
}

/** The cells of one row are asked for one after the other; the pod is read once. */
let lastPod: KubeObject | undefined;
let lastSummary: PodSummary | undefined;
function summaryOf(pod: KubeObject): PodSummary {
  if (pod !== lastPod || lastSummary === undefined || !Object.isFrozen(pod)) {
    lastPod = pod;
    lastSummary = summarizePod(pod);
  }
  return lastSummary;
}

function restartsCell(pod: KubeObject, now: number): string {
  const { restarts, lastRestart } = summaryOf(pod);
  return restarts !== 0 && lastRestart ? `${restarts} (${since(lastRestart, now)} ago)` : String(restarts);
}

export const podColumns: readonly Column[] = [
  nameColumn,
  text('Ready', (pod) => `${summaryOf(pod).ready}/${summaryOf(pod).total}`),
  text('Status', (pod) => summaryOf(pod).reason),
  text('Restarts', restartsCell),
  ageColumn,
  wide(text('IP', (pod) => list(pod.status?.podIPs)[0]?.ip || NONE)),
  wide(text('Node', (pod) => pod.spec?.nodeName || NONE)),
  wide(text('Nominated Node', (pod) => pod.status?.nominatedNodeName || NONE)),
  wide(text('Readiness Gates', readinessGates)),
];

/** metav1.TableRowCondition */
export interface RowCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

const COMPLETED: Readonly<Record<string, string>> = {
  Succeeded: 'The pod has completed successfully.',
  Failed: 'The pod failed.',
};

/** The `conditions` of a pod's table row: a pod that ended is marked completed. */
export function podRowConditions(pod: KubeObject): readonly RowCondition[] {
  const reason: string = pod.status?.phase ?? '';
  const message = Object.hasOwn(COMPLETED, reason) ? COMPLETED[reason] : undefined;
  return message === undefined ? [] : [{ type: 'Completed', status: 'True', reason, message }];
}
