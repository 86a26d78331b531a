import type { KubeObject } from '../meta/object.ts';
import { list, type Part } from '../core/shared.ts';

/** What v1 has no fields for travels in annotations, as JSON of the v2 parts. */
const METRICS = 'autoscaling.alpha.kubernetes.io/metrics';
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior';
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions';
const CURRENT_METRICS = 'autoscaling.alpha.kubernetes.io/current-metrics';
const CARRIED = [METRICS, BEHAVIOR, CONDITIONS, CURRENT_METRICS];

const isCpuUtilization = (metric: Part): boolean =>
  metric.type === 'Resource' && metric.resource?.name === 'cpu' && metric.resource.target?.averageUtilization !== undefined;

const isCurrentCpu = (metric: Part): boolean =>
  metric.type === 'Resource' && metric.resource?.name === 'cpu' && metric.resource.current?.averageUtilization !== undefined;

/** An annotation that is not JSON of the right kind counts as absent, as upstream does. */
function carried(annotations: Readonly<Record<string, string>>, key: string, isRight: (value: unknown) => boolean): Part {
  const text = annotations[key];
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRight(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isList = (value: unknown): boolean => Array.isArray(value);
const isMap = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Drops absent parts, so that converted objects look as decoded ones do. */
function compact(value: Record<string, unknown>): Part {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined));
}

/** autoscaling/v1 to autoscaling/v2. Pure; shares parts with its argument. */
export function hpaV1ToV2(v1: KubeObject): KubeObject {
  const { annotations = {}, ...metadata } = v1.metadata;
  const spec = v1.spec ?? {};
  const status = v1.status ?? {};
  const others = Object.entries(annotations).filter(([key]) => !CARRIED.includes(key));
  const metrics: Part[] = list(carried(annotations, METRICS, isList));
  const utilization: number | undefined = spec.targetCPUUtilizationPercentage;
  if (utilization !== undefined) {
    const target = { type: 'Utilization', averageUtilization: utilization };
    metrics.unshift({ type: 'Resource', resource: { name: 'cpu', target } });
  }
  const { targetCPUUtilizationPercentage: _, ...commonSpec } = spec;
  const { currentCPUUtilizationPercentage: current, ...commonStatus } = status;
  const currentMetrics: Part[] = list(carried(annotations, CURRENT_METRICS, isList));
  if (current !== undefined) {
    const cpu = { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: current, averageValue: '0' } } };
    const at = currentMetrics.findIndex((metric) => metric.type === 'Resource' && metric.resource?.name === 'cpu');
    if (at < 0) currentMetrics.unshift(cpu);
  }
  return {
    apiVersion: 'autoscaling/v2',
    kind: v1.kind,
    metadata: others.length > 0 ? { ...metadata, annotations: Object.fromEntries(others) } : metadata,
    spec: compact({
      ...commonSpec,
      metrics: metrics.length > 0 ? metrics : undefined,
      behavior: carried(annotations, BEHAVIOR, isMap),
    }),
    ...(v1.status === undefined
      ? {}
      : {
          status: compact({
            ...commonStatus,
            currentMetrics: currentMetrics.length > 0 ? currentMetrics : undefined,
            conditions: carried(annotations, CONDITIONS, isList),
          }),
        }),
  };
}

/** autoscaling/v2 to autoscaling/v1. Pure; shares parts with its argument. */
export function hpaV2ToV1(v2: KubeObject): KubeObject {
  const { metrics, behavior, ...spec } = v2.spec ?? {};
  const { currentMetrics, conditions, ...status } = v2.status ?? {};
  const cpu = list(metrics).findIndex(isCpuUtilization);
  const rest = list(metrics).filter((_, i) => i !== cpu);
  const current = list(currentMetrics).find(isCurrentCpu);
  const annotations = compact({
    ...v2.metadata.annotations,
    [METRICS]: rest.length > 0 ? JSON.stringify(rest) : undefined,
    [BEHAVIOR]: behavior === undefined ? undefined : JSON.stringify(behavior),
    [CONDITIONS]: list(conditions).length > 0 ? JSON.stringify(conditions) : undefined,
    [CURRENT_METRICS]: list(currentMetrics).length > 0 ? JSON.stringify(currentMetrics) : undefined,
  });
  return {
    apiVersion: 'autoscaling/v1',
    kind: v2.kind,
    metadata: Object.keys(annotations).length > 0 ? { ...v2.metadata, annotations } : v2.metadata,
    spec: compact({
      ...spec,
      targetCPUUtilizationPercentage: cpu < 0 ? undefined : metrics[cpu].resource.target.averageUtilization,
    }),
    ...(v2.status === undefined
      ? {}
      : {
          status: compact({
            ...status,
            currentCPUUtilizationPercentage: current?.resource.current.averageUtilization,
          }),
        }),
  };
}
