import { compileLabelSelector, type KubeObject, type k8s } from '@sampan/api';
import { Quantity } from '@sampan/base';
import type { Client, ResourceRef } from '@sampan/machinery';
import { timeOf } from '../workloads/pod-state.ts';
import type { MetricsSource, PodMetric } from './metrics.ts';

const POD_METRICS: ResourceRef = {
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  resource: 'pods',
  kind: 'PodMetrics',
  namespaced: true,
};
const custom = (resource: string): ResourceRef => ({
  group: 'custom.metrics.k8s.io',
  version: 'v1beta2',
  resource,
  kind: 'MetricValueList',
  namespaced: true,
});
const external = (metric: string): ResourceRef => ({
  group: 'external.metrics.k8s.io',
  version: 'v1beta1',
  resource: metric,
  kind: 'ExternalMetricValue',
  namespaced: true,
});

interface PodMetricsObject extends KubeObject {
  timestamp?: string;
  window?: string;
  containers?: { name: string; usage?: Record<string, string> }[];
}

/** metrics.k8s.io/v1beta1, custom.metrics.k8s.io/v1beta2 and external.metrics.k8s.io/v1beta1 of a cluster. */
export function apiMetrics(client: Client): MetricsSource {
  return {
    async resource(namespace, labelSelector, resource, container) {
      const { items } = await client.list<PodMetricsObject>(POD_METRICS, { namespace, labelSelector });
      if (items.length === 0) throw new Error('no metrics returned from resource metrics API');
      const metrics = new Map<string, PodMetric>();
      for (const item of items) {
        const value = usageOf(item, resource, container);
        if (value === undefined) continue;
        const { timestamp, window = '' } = item;
        metrics.set(item.metadata.name ?? '', {
          value,
          timestamp: timeOf(timestamp),
          windowMs: durationMs(window),
        });
      }
      return metrics;
    },
    async pods(namespace, _selector, metric) {
      const metrics = new Map<string, PodMetric>();
      for (const { describedObject, value, timestamp, windowSeconds } of await valuesOf(
        client,
        custom('pods'),
        namespace,
        '*',
        metric,
      )) {
        const windowMs = (windowSeconds ?? 60) * 1000;
        metrics.set(describedObject?.name ?? '', {
          value: milli(value),
          timestamp: timeOf(timestamp),
          windowMs,
        });
      }
      if (metrics.size === 0) throw new Error('no metrics returned from custom metrics API');
      return metrics;
    },
    async object(namespace, { kind, name }, metric) {
      const found = (await client.resources()).find((resource) => resource.kind === kind);
      if (!found) throw new Error(`no matches for kind ${JSON.stringify(kind)}`);
      const { resource, group } = found;
      const ref = custom(group === '' ? resource : `${resource}.${group}`);
      const [value] = await valuesOf(client, ref, namespace, name, metric);
      if (!value) throw new Error('no metrics returned from custom metrics API');
      return milli(value.value);
    },
    async external(namespace, { name, selector }) {
      const labelSelector = selector ? compileLabelSelector(selector).toString() : '';
      const { items } = await client.list<KubeObject>(external(name), {
        namespace,
        ...(labelSelector === '' ? {} : { labelSelector }),
      });
      if (items.length === 0) throw new Error('no metrics returned from external metrics API');
      return items.map(({ value }) => milli(value));
    },
  };
}

interface MetricValue {
  readonly describedObject?: k8s.ObjectReference;
  readonly value?: string;
  readonly timestamp?: string;
  readonly windowSeconds?: number;
}

/** The client has no query of its own for a metric's labels, so metrics with a selector cannot be asked for. */
async function valuesOf(
  client: Client,
  ref: ResourceRef,
  namespace: string,
  name: string,
  metric: k8s.MetricIdentifier,
): Promise<readonly MetricValue[]> {
  if (metric.selector)
    throw new Error(`selectors of custom metrics are not supported (metric ${metric.name})`);
  const list = await client.get<KubeObject>(ref, namespace, name, metric.name);
  return list.items ?? [];
}

const milli = (text: unknown): number =>
  (typeof text === 'string' ? Quantity.tryParse(text)?.milliValue() : undefined) ?? 0;

/** Undefined when a container says nothing of it. */
function usageOf({ containers = [] }: PodMetricsObject, resource: string, only?: string): number | undefined {
  const asked = only === undefined ? containers : containers.filter(({ name }) => name === only);
  if (asked.length === 0) return undefined;
  let sum = 0;
  for (const { usage } of asked) {
    const text = usage?.[resource];
    if (text === undefined) return undefined;
    sum += milli(text);
  }
  return sum;
}

/** Go durations as metrics servers write them: `30s`, `1m0s`, `15.5s`. */
function durationMs(text: string): number {
  const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(h|ms|m|s)/g))
    sum += Number(amount) * (units[unit ?? ''] ?? 0);
  return sum;
}
