import { isObject } from '@sampan/base';
import type { KubeObject } from '../meta/object.ts';
import { decode } from '../schema/decode.ts';
import { schemaOf } from '../schema/schema-of.ts';
import { convertTo, type StorageConversion } from './storage.ts';

/**
 * autoscaling/v1 HorizontalPodAutoscalers are stored as autoscaling/v2; what v1 has no field for travels in
 * annotations (pkg/apis/autoscaling/v1/conversion.go).
 */
const METRICS = 'autoscaling.alpha.kubernetes.io/metrics';
const CURRENT_METRICS = 'autoscaling.alpha.kubernetes.io/current-metrics';
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions';
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior';
const ROUND_TRIP: ReadonlySet<string> = new Set([METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR]);

/** What v1 means without any metric: 80% of the requested CPU. */
const DEFAULT_CPU_UTILIZATION = 80;

// biome-ignore lint/suspicious/noExplicitAny: metrics of either version are read field by field
type Part = Record<string, any>;

const cpuUtilization = (averageUtilization: number): Part => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

const isCpu = (metric: Part): boolean => metric.type === 'Resource' && metric.resource?.name === 'cpu';

/** Utilization targets of containers and of whole pods. */
const resourceToV1 = ({ target, current, ...rest }: Part): Part => ({
  ...rest,
  ...(target
    ? { targetAverageUtilization: target.averageUtilization, targetAverageValue: target.averageValue }
    : {}),
  ...(current
    ? { currentAverageUtilization: current.averageUtilization, currentAverageValue: current.averageValue }
    : {}),
});

function resourceToV2(part: Part): Part {
  const utilization = part.targetAverageUtilization;
  return {
    name: part.name,
    container: part.container,
    target: {
      type: utilization === undefined ? 'AverageValue' : 'Utilization',
      averageValue: part.targetAverageValue,
      averageUtilization: utilization,
    },
    current: {
      averageValue: part.currentAverageValue ?? '0',
      averageUtilization: part.currentAverageUtilization,
    },
  };
}

interface Source {
  toV1(part: Part): Part;
  toV2(part: Part): Part;
}

const resource: Source = { toV1: resourceToV1, toV2: resourceToV2 };

/** Converters by the field that holds the metric; targets (spec) and current values (status) alike. */
const SOURCES: Readonly<Record<string, Source>> = {
  resource,
  containerResource: resource,
  pods: {
    toV1: ({ metric, target, current }) => ({
      metricName: metric?.name,
      selector: metric?.selector,
      targetAverageValue: target?.averageValue,
      currentAverageValue: current?.averageValue,
    }),
    toV2: (part) => ({
      metric: { name: part.metricName, selector: part.selector },
      target: { type: 'AverageValue', averageValue: part.targetAverageValue },
      current: { averageValue: part.currentAverageValue },
    }),
  },
  object: {
    toV1: ({ metric, target, current, describedObject }) => ({
      target: describedObject,
      metricName: metric?.name,
      selector: metric?.selector,
      targetValue: target?.value,
      currentValue: current?.value,
      averageValue: target?.averageValue ?? current?.averageValue,
    }),
    toV2: (part) => ({
      describedObject: part.target,
      metric: { name: part.metricName, selector: part.selector },
      target: {
        type: part.averageValue === undefined ? 'Value' : 'AverageValue',
        value: part.targetValue,
        averageValue: part.averageValue,
      },
      current: { value: part.currentValue, averageValue: part.averageValue },
    }),
  },
  external: {
    toV1: ({ metric, target, current }) => ({
      metricName: metric?.name,
      metricSelector: metric?.selector,
      targetValue: target?.value,
      targetAverageValue: target?.averageValue,
      currentValue: current?.value,
      currentAverageValue: current?.averageValue,
    }),
    toV2: (part) => ({
      metric: { name: part.metricName, selector: part.metricSelector },
      target: {
        type: part.targetValue === undefined ? 'AverageValue' : 'Value',
        value: part.targetValue,
        averageValue: part.targetAverageValue,
      },
      current: { value: part.currentValue, averageValue: part.currentAverageValue },
    }),
  },
};

/** Converts the source that the metric has; decoding drops what its kind (spec or status) has no field for. */
function convertMetric(metric: Part, direction: 'toV1' | 'toV2', model: string): Part {
  const converted: Part = { type: metric.type };
  for (const [field, source] of Object.entries(SOURCES)) {
    if (metric[field]) converted[field] = source[direction](metric[field] as Part);
  }
  return decode(schemaOf(model), converted).value;
}

const metrics = (list: unknown, direction: 'toV1' | 'toV2', model: string): Part[] =>
  ((list ?? []) as Part[]).map((metric) => convertMetric(metric, direction, model));

const V1 = 'io.k8s.api.autoscaling.v1';
const V2 = 'io.k8s.api.autoscaling.v2';

/** Upstream writes an internal type here: Go's field names, and null for what is absent. */
function behaviorToText(behavior: Part): string {
  const rules = (part: Part | undefined): Part | null =>
    part
      ? {
          StabilizationWindowSeconds: part.stabilizationWindowSeconds ?? null,
          SelectPolicy: part.selectPolicy ?? null,
          Policies:
            (part.policies as Part[] | null | undefined)?.map((policy) => ({
              Type: policy.type,
              Value: policy.value,
              PeriodSeconds: policy.periodSeconds,
            })) ?? null,
          Tolerance: part.tolerance ?? null,
        }
      : null;
  return JSON.stringify({ ScaleUp: rules(behavior.scaleUp), ScaleDown: rules(behavior.scaleDown) });
}

const lowerFirst = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1);

function lowerKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerKeys);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [lowerFirst(key), lowerKeys(inner)]));
}

/** An annotation's JSON when it decodes as the type; upstream ignores one that does not. */
function annotation<T>(
  annotations: Readonly<Record<string, string>>,
  key: string,
  read: (json: unknown) => T,
): T | undefined {
  const text = Object.hasOwn(annotations, key) ? annotations[key] : undefined;
  if (text === undefined) return undefined;
  try {
    return read(JSON.parse(text));
  } catch {
    return undefined;
  }
}

const listOf =
  (model: string) =>
  (json: unknown): Part[] => {
    if (!Array.isArray(json)) throw new Error('not a list');
    return json.map((item) => decode(schemaOf(model), item).value);
  };

function withoutRoundTrip(object: KubeObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(object.metadata.annotations ?? {}).filter(([key]) => !ROUND_TRIP.has(key)),
  );
}

function toV1(object: KubeObject): KubeObject {
  const { metrics: targets, behavior, ...spec } = (object.spec ?? {}) as Part;
  const { currentMetrics, conditions, ...status } = (object.status ?? {}) as Part;
  const annotations = withoutRoundTrip(object);
  const all = (targets ?? []) as Part[];
  const cpu = all.find(isCpu);
  const others = all.filter((m) => !(isCpu(m) && m.resource.target?.averageUtilization !== undefined));
  if (others.length > 0) annotations[METRICS] = JSON.stringify(metrics(others, 'toV1', `${V1}.MetricSpec`));
  if (currentMetrics?.length > 0) {
    annotations[CURRENT_METRICS] = JSON.stringify(metrics(currentMetrics, 'toV1', `${V1}.MetricStatus`));
  }
  if (behavior) annotations[BEHAVIOR] = behaviorToText(behavior);
  if (conditions?.length > 0) annotations[CONDITIONS] = JSON.stringify(conditions);
  const currentCpu = ((currentMetrics ?? []) as Part[])
    .filter(isCpu)
    .findLast((metric) => metric.resource.current?.averageUtilization !== undefined);
  return convertTo(`${V1}.HorizontalPodAutoscaler`, 'autoscaling', 'v1', {
    ...object,
    metadata: { ...object.metadata, annotations },
    spec: { ...spec, targetCPUUtilizationPercentage: cpu?.resource.target?.averageUtilization },
    status: { ...status, currentCPUUtilizationPercentage: currentCpu?.resource.current.averageUtilization },
  });
}

function toV2(object: KubeObject): KubeObject {
  const { targetCPUUtilizationPercentage: target, ...spec } = (object.spec ?? {}) as Part;
  const { currentCPUUtilizationPercentage: current, ...status } = (object.status ?? {}) as Part;
  const annotations = object.metadata.annotations ?? {};
  const others = annotation(annotations, METRICS, listOf(`${V1}.MetricSpec`)) ?? [];
  const targets = metrics(others, 'toV2', `${V2}.MetricSpec`);
  if (target !== undefined) targets.push(cpuUtilization(target));
  if (targets.length === 0) targets.push(cpuUtilization(DEFAULT_CPU_UTILIZATION));
  const behavior = annotation(
    annotations,
    BEHAVIOR,
    (json) => decode(schemaOf(`${V2}.HorizontalPodAutoscalerBehavior`), lowerKeys(json)).value,
  );
  const known = annotation(annotations, CURRENT_METRICS, listOf(`${V1}.MetricStatus`));
  const currentMetrics = known
    ? metrics(known, 'toV2', `${V2}.MetricStatus`)
    : current === undefined
      ? undefined
      : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: current } } }];
  const conditions = annotation(annotations, CONDITIONS, listOf(`${V2}.HorizontalPodAutoscalerCondition`));
  return convertTo(`${V2}.HorizontalPodAutoscaler`, 'autoscaling', 'v2', {
    ...object,
    metadata: { ...object.metadata, annotations: withoutRoundTrip(object) },
    spec: {
      ...spec,
      metrics: targets,
      ...(behavior && Object.keys(behavior).length > 0 ? { behavior } : {}),
    },
    status: {
      ...status,
      ...(currentMetrics ? { currentMetrics } : {}),
      ...(conditions ? { conditions } : {}),
    },
  });
}

export const hpaV1Storage: StorageConversion = {
  group: 'autoscaling',
  version: 'v2',
  resource: 'horizontalpodautoscalers',
  fromStorage: toV1,
  toStorage: toV2,
};
