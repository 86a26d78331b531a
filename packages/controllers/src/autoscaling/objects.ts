import type { KubeObject, k8s } from '@sampan/api';
import type { ResourceRef } from '@sampan/machinery';

export interface Autoscaler extends KubeObject {
  spec: k8s.AutoscalingV2HorizontalPodAutoscalerSpec;
  status?: Partial<k8s.AutoscalingV2HorizontalPodAutoscalerStatus>;
}

/** autoscaling/v1 Scale. */
export interface Scale extends KubeObject {
  spec?: { replicas?: number };
  status?: { replicas?: number; selector?: string };
}

export const AUTOSCALERS: ResourceRef = {
  group: 'autoscaling',
  version: 'v2',
  resource: 'horizontalpodautoscalers',
  kind: 'HorizontalPodAutoscaler',
  namespaced: true,
};

export type MetricSpec = k8s.AutoscalingV2MetricSpec;
export type MetricStatus = k8s.AutoscalingV2MetricStatus;
export type ScalingRules = k8s.HPAScalingRules;
