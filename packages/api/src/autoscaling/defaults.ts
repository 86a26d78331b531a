import { list, type Part } from '../core/shared.ts';
import type { KubeObject } from '../meta/object.ts';

const PERIOD_SECONDS = 15;
const CPU_UTILIZATION = 80;

const SCALE_UP = (): Part => ({
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: PERIOD_SECONDS },
    { type: 'Percent', value: 100, periodSeconds: PERIOD_SECONDS },
  ],
});

/** How long scaling down waits is left to the controller. */
const SCALE_DOWN = (): Part => ({
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: PERIOD_SECONDS }],
});

function setCommonDefaults(autoscaler: KubeObject): void {
  autoscaler.spec ??= {};
  autoscaler.spec.minReplicas ??= 1;
}

/** Where autoscaling/v1 keeps the metrics that it has no field for. */
const METRICS = 'autoscaling.alpha.kubernetes.io/metrics';

/** autoscaling/v1: a CPU target, unless other metrics came from autoscaling/v2. */
export function setHpaV1Defaults(autoscaler: KubeObject): void {
  setCommonDefaults(autoscaler);
  if (autoscaler.metadata.annotations?.[METRICS]) return;
  autoscaler.spec.targetCPUUtilizationPercentage ??= CPU_UTILIZATION;
}

/** autoscaling/v2: at least a CPU target; behaviour is completed where it is named at all. */
export function setHpaV2Defaults(autoscaler: KubeObject): void {
  setCommonDefaults(autoscaler);
  const { spec } = autoscaler;
  if (list(spec.metrics).length === 0) {
    const target = { type: 'Utilization', averageUtilization: CPU_UTILIZATION };
    spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }];
  }
  if (spec.behavior === undefined) return;
  spec.behavior.scaleUp = { ...SCALE_UP(), ...spec.behavior.scaleUp };
  spec.behavior.scaleDown = { ...SCALE_DOWN(), ...spec.behavior.scaleDown };
}
