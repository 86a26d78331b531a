import type { k8s } from '@sampan/api';
import { formatTime } from '../time.ts';

export type Condition = k8s.DeploymentCondition;
export type Conditions = readonly Condition[];

export const conditionOf = (conditions: Conditions, type: string): Condition | undefined =>
  conditions.find((condition) => condition.type === type);

export const withoutCondition = (conditions: Conditions, type: string): Conditions =>
  conditions.some((condition) => condition.type === type)
    ? conditions.filter((condition) => condition.type !== type)
    : conditions;

export function newCondition(
  type: string,
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
  now: number,
): Condition {
  const time = formatTime(now);
  return { type, status, lastUpdateTime: time, lastTransitionTime: time, reason, message };
}

/** Same status and reason: nothing is new; same status: the transition is as old as it was (SetDeploymentCondition). */
export function withCondition(conditions: Conditions, condition: Condition): Conditions {
  const present = conditionOf(conditions, condition.type);
  const sameStatus = present?.status === condition.status;
  if (sameStatus && present.reason === condition.reason) return conditions;
  const next = sameStatus
    ? { ...condition, lastTransitionTime: present.lastTransitionTime ?? condition.lastTransitionTime ?? null }
    : condition;
  return [...withoutCondition(conditions, condition.type), next];
}
