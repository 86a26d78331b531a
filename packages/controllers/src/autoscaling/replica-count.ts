import { Quantity } from '@sampan/base';
import type { Pod } from '../workloads/objects.ts';
import { groupPods } from './group-pods.ts';
import type { PodMetrics } from './metrics.ts';

/** By how much a ratio may differ from 1 before anything is done. */
export interface Tolerances {
  readonly up: number;
  readonly down: number;
}

const isWithin = (ratio: number, { up, down }: Tolerances): boolean => ratio >= 1 - down && ratio <= 1 + up;

export interface Proposal {
  readonly replicas: number;
  /** Thousandths used per pod. */
  readonly averageValue: number;
  /** Percent of what is requested. */
  readonly averageUtilization?: number;
}

export interface PodCase {
  readonly current: number;
  readonly pods: readonly Pod[];
  readonly metrics: PodMetrics;
  /** `cpu` and the like; undefined for metrics of the pods' own. */
  readonly resource: string | undefined;
  readonly tolerances: Tolerances;
  readonly now: number;
}

interface Usage {
  readonly ratio: number;
  readonly averageValue: number;
  readonly averageUtilization?: number;
}

/**
 * How many pods it takes to bring their average utilization to `target` percent of their requests (upstream's
 * GetResourceReplicas). Throws an Error when it cannot be told. Pure.
 */
export function replicasForUtilization(input: PodCase, target: number, container?: string): Proposal {
  const requests = requestsOf(input.pods, input.resource ?? '', container);
  const measure = (values: ReadonlyMap<string, number>): Usage => {
    let [used, requested, count] = [0, 0, 0];
    for (const [name, value] of values) {
      const request = requests.get(name);
      if (request === undefined) continue;
      used += value;
      requested += request;
      count++;
    }
    if (requested === 0) throw new Error('no metrics returned matched known pods');
    const averageUtilization = Math.trunc((used * 100) / requested);
    return { ratio: averageUtilization / target, averageValue: Math.trunc(used / count), averageUtilization };
  };
  const filler = (name: string) => ((requests.get(name) ?? 0) * Math.max(100, target)) / 100;
  return replicasFor(input, measure, filler);
}

/** The same for an average of `target` thousandths (GetRawResourceReplicas, GetMetricReplicas). Pure. */
export function replicasForAverage(input: PodCase, target: number): Proposal {
  const measure = (values: ReadonlyMap<string, number>): Usage => {
    const used = values.values().reduce((sum, value) => sum + value, 0);
    const averageValue = Math.trunc(used / values.size);
    return { ratio: averageValue / target, averageValue };
  };
  return replicasFor(input, measure, () => target);
}

/**
 * Pods that nothing is known of count against what the others seem to ask for: fully when less is needed, not at all
 * when more is.
 */
function replicasFor(
  { current, pods, metrics, resource, tolerances, now }: PodCase,
  measure: (values: ReadonlyMap<string, number>) => Usage,
  filler: (name: string) => number,
): Proposal {
  if (pods.length === 0) throw new Error('no pods returned by selector while calculating replica count');
  const { ready, unready, missing, ignored } = groupPods(pods, metrics, resource, now);
  const values = new Map<string, number>();
  for (const [name, { value }] of metrics)
    if (!ignored.has(name) && !unready.has(name)) values.set(name, value);
  if (values.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)');
  const usage = measure(values);
  const { ratio, ...shown } = usage;
  const mayGrow = unready.size > 0 && ratio > 1;
  if (!mayGrow && missing.size === 0) {
    const replicas = isWithin(ratio, tolerances) ? current : Math.ceil(ratio * ready);
    return { replicas, ...shown };
  }
  if (ratio < 1) for (const name of missing) values.set(name, filler(name));
  if (ratio > 1) for (const name of missing) values.set(name, 0);
  if (mayGrow) for (const name of unready) values.set(name, 0);
  const next = measure(values).ratio;
  const stays = { replicas: current, ...shown };
  if (isWithin(next, tolerances) || (ratio < 1 && next > 1) || (ratio > 1 && next < 1)) return stays;
  const replicas = Math.ceil(next * values.size);
  if ((next < 1 && replicas > current) || (next > 1 && replicas < current)) return stays;
  return { replicas, ...shown };
}

/** What pods request, in thousandths. Throws an Error when one of them does not. */
function requestsOf(pods: readonly Pod[], resource: string, only?: string): Map<string, number> {
  const requests = new Map<string, number>();
  for (const { metadata, spec } of pods) {
    const { name = '' } = metadata;
    const whole = only === undefined ? amount(spec.resources?.requests?.[resource]) : undefined;
    if (whole !== undefined) {
      requests.set(name, whole);
      continue;
    }
    const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
    let sum = 0;
    for (const container of [...(spec.containers ?? []), ...sidecars]) {
      if (only !== undefined && container.name !== only) continue;
      const request = amount(container.resources?.requests?.[resource]);
      if (request === undefined)
        throw new Error(`missing request for ${resource} in container ${container.name} of Pod ${name}`);
      sum += request;
    }
    requests.set(name, sum);
  }
  return requests;
}

const amount = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Quantity.tryParse(text)?.milliValue();

/** For a metric of one object: so that it comes to `target` (GetObjectMetricReplicas). Pure. */
export function replicasForValue(
  current: number,
  usage: number,
  target: number,
  ready: number,
  tolerances: Tolerances,
): number {
  const ratio = usage / target;
  if (current === 0) return Math.ceil(ratio);
  return isWithin(ratio, tolerances) ? current : Math.ceil(ratio * ready);
}

/** For a metric that all pods share: `target` for each (GetObjectPerMetricReplicas). Pure. */
export function replicasForShare(
  current: number,
  usage: number,
  target: number,
  tolerances: Tolerances,
): number {
  if (current > 0 && isWithin(usage / (target * current), tolerances)) return current;
  return Math.ceil(usage / target);
}
