import type { k8s } from '@sampan/api';

/** What a pod uses now. */
export interface PodMetric {
  /** In thousandths of the resource's or metric's unit. */
  readonly value: number;
  /** When it was measured, in milliseconds since the epoch. */
  readonly timestamp: number;
  /** Over how long, in milliseconds. */
  readonly windowMs: number;
}

/** By the pods' names. */
export type PodMetrics = ReadonlyMap<string, PodMetric>;

/**
 * Where autoscalers learn what is used (metrics.k8s.io, custom.metrics.k8s.io, external.metrics.k8s.io). Values are in
 * thousandths. Each throws when nothing can be told; the message is shown to users.
 */
export interface MetricsSource {
  /** `container`: of that container only; pods without it are left out. */
  resource(namespace: string, selector: string, resource: string, container?: string): Promise<PodMetrics>;
  pods(namespace: string, selector: string, metric: k8s.MetricIdentifier): Promise<PodMetrics>;
  object(
    namespace: string,
    described: k8s.AutoscalingV2CrossVersionObjectReference,
    metric: k8s.MetricIdentifier,
  ): Promise<number>;
  external(namespace: string, metric: k8s.MetricIdentifier): Promise<readonly number[]>;
}
