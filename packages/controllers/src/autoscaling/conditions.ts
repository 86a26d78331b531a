import type { k8s } from '@sampan/api';
import { formatTime } from '../time.ts';

export type Conditions = readonly k8s.AutoscalingV2HorizontalPodAutoscalerCondition[];

/** Conditions with one set; its time changes only with its status. */
export function setCondition(
  conditions: Conditions,
  type: 'AbleToScale' | 'ScalingActive' | 'ScalingLimited',
  holds: boolean,
  { reason, message }: { reason: string; message: string },
  now: number,
): Conditions {
  const status = holds ? 'True' : 'False';
  const present = conditions.find((condition) => condition.type === type);
  const lastTransitionTime =
    present?.status === status && present.lastTransitionTime ? present.lastTransitionTime : formatTime(now);
  const next = { type, status, lastTransitionTime, reason, message };
  if (!present) return [...conditions, next];
  return conditions.map((condition) => (condition === present ? next : condition));
}
