import { Quantity } from '@sampan/base';
import type { Pod } from '../workloads/objects.ts';
import { isReady } from '../workloads/pod-state.ts';
import type { MetricsSource } from './metrics.ts';
import type { Autoscaler, MetricSpec, MetricStatus } from './objects.ts';
import {
  type PodCase,
  type Proposal,
  replicasForAverage,
  replicasForShare,
  replicasForUtilization,
  replicasForValue,
  type Tolerances,
} from './replica-count.ts';

/** --horizontal-pod-autoscaler-tolerance */
const TOLERANCE = 0.1;

export interface MetricCase {
  readonly scaler: Autoscaler;
  readonly current: number;
  readonly selector: string;
  readonly pods: readonly Pod[];
  readonly source: MetricsSource;
  readonly now: number;
}

export interface MetricProposal {
  readonly replicas: number;
  /** For messages, for example `cpu resource utilization (percentage of request)`. */
  readonly name: string;
  readonly status: MetricStatus;
}

/** Why a metric gives no proposal, with the reason of the condition that tells it. */
export class MetricError extends Error {
  readonly reason: string;

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

const milli = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Quantity.tryParse(text)?.milliValue();
const quantity = (milliValue: number): string =>
  Quantity.of(Math.round(milliValue), 'DecimalSI', -3).toString();

/** What one metric asks for. Throws a MetricError. */
export async function propose(input: MetricCase, spec: MetricSpec): Promise<MetricProposal> {
  const reasons: Record<string, string> = {
    Resource: 'FailedGetResourceMetric',
    ContainerResource: 'FailedGetContainerResourceMetric',
    Pods: 'FailedGetPodsMetric',
    Object: 'FailedGetObjectMetric',
    External: 'FailedGetExternalMetric',
  };
  const reason = reasons[spec.type];
  try {
    const proposal = await (spec.resource
      ? forResource(input, spec.resource)
      : spec.containerResource
        ? forResource(input, spec.containerResource, spec.containerResource.container)
        : spec.pods
          ? forPods(input, spec.pods)
          : spec.object
            ? forObject(input, spec.object)
            : spec.external
              ? forExternal(input, spec.external)
              : undefined);
    if (proposal) return proposal;
  } catch (error) {
    throw new MetricError(reason ?? 'InvalidMetricSourceType', (error as Error).message, { cause: error });
  }
  throw new MetricError('InvalidMetricSourceType', `unknown metric source type ${JSON.stringify(spec.type)}`);
}

function tolerancesOf({ spec }: Autoscaler): Tolerances {
  const { scaleUp, scaleDown } = spec.behavior ?? {};
  const read = (text: string | undefined) => (milli(text) ?? TOLERANCE * 1000) / 1000;
  return { up: read(scaleUp?.tolerance), down: read(scaleDown?.tolerance) };
}

const podCase = (
  { scaler, current, pods, now }: MetricCase,
  metrics: PodCase['metrics'],
  resource?: string,
): PodCase => ({ current, pods, metrics, resource, tolerances: tolerancesOf(scaler), now });

async function forResource(
  input: MetricCase,
  { name, target }: NonNullable<MetricSpec['resource']>,
  container?: string,
): Promise<MetricProposal> {
  const { scaler, selector, source } = input;
  const metrics = await source
    .resource(scaler.metadata.namespace ?? '', selector, name, container)
    .catch((error: unknown) => {
      const message = `unable to get metrics for resource ${name}: ${(error as Error).message}`;
      throw new Error(`failed to get ${name} ${describe(target.averageUtilization)}: ${message}`, {
        cause: error,
      });
    });
  const facts = podCase(input, metrics, name);
  const average = milli(target.averageValue);
  const value =
    average === undefined
      ? replicasForUtilization(facts, target.averageUtilization ?? 0, container)
      : replicasForAverage(facts, average);
  const current = currentOf(value);
  const what = `${name} ${container === undefined ? '' : 'container '}resource`;
  return {
    replicas: value.replicas,
    name: average === undefined ? `${what} utilization (percentage of request)` : what,
    status:
      container === undefined
        ? { type: 'Resource', resource: { name, current } }
        : { type: 'ContainerResource', containerResource: { name, container, current } },
  };
}

const describe = (utilization: number | undefined): string =>
  utilization === undefined ? 'usage' : 'utilization';

const currentOf = ({ averageValue, averageUtilization }: Proposal) => ({
  averageValue: quantity(averageValue),
  ...(averageUtilization === undefined ? {} : { averageUtilization }),
});

async function forPods(
  input: MetricCase,
  { metric, target }: NonNullable<MetricSpec['pods']>,
): Promise<MetricProposal> {
  const { scaler, selector, source } = input;
  const metrics = await source.pods(scaler.metadata.namespace ?? '', selector, metric);
  const value = replicasForAverage(podCase(input, metrics), milli(target.averageValue) ?? 0);
  const status = { type: 'Pods', pods: { metric, current: currentOf(value) } };
  return { replicas: value.replicas, name: `pods metric ${metric.name}`, status };
}

async function forObject(
  input: MetricCase,
  { metric, target, describedObject }: NonNullable<MetricSpec['object']>,
): Promise<MetricProposal> {
  const usage = await input.source.object(input.scaler.metadata.namespace ?? '', describedObject, metric);
  const { replicas, current } = shared(input, usage, target);
  const name = `${describedObject.kind} metric ${metric.name}`;
  return { replicas, name, status: { type: 'Object', object: { metric, describedObject, current } } };
}

async function forExternal(
  input: MetricCase,
  { metric, target }: NonNullable<MetricSpec['external']>,
): Promise<MetricProposal> {
  const values = await input.source.external(input.scaler.metadata.namespace ?? '', metric);
  const usage = values.reduce((sum, value) => sum + value, 0);
  const { replicas, current } = shared(input, usage, target);
  const name = `external metric ${metric.name}(${JSON.stringify(metric.selector ?? null)})`;
  return { replicas, name, status: { type: 'External', external: { metric, current } } };
}

function shared(
  { scaler, current, pods }: MetricCase,
  usage: number,
  target: { value?: string; averageValue?: string },
) {
  const tolerances = tolerancesOf(scaler);
  const each = milli(target.averageValue);
  if (each !== undefined) {
    const averageValue = quantity(current === 0 ? usage : usage / current);
    return { replicas: replicasForShare(current, usage, each, tolerances), current: { averageValue } };
  }
  const ready = pods.filter(isReady).length;
  const replicas = replicasForValue(current, usage, milli(target.value) ?? 0, ready, tolerances);
  return { replicas, current: { value: quantity(usage) } };
}
