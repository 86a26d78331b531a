import type { k8s } from '@sampan/api';
import type { Pod } from '../workloads/objects.ts';
import type { Job } from './objects.ts';

export interface FailureMatch {
  /** Absent: no rule matched, and the failure counts. */
  readonly action?: string;
  /** Does it count towards backoff limits? */
  readonly counts: boolean;
  /** For `FailJob`: why. */
  readonly message?: string;
}

/** What `spec.podFailurePolicy` says of a failed pod: its first rule that matches (KEP-3329). Pure. */
export function matchFailurePolicy({ spec }: Job, pod: Pod): FailureMatch {
  const rules = spec.podFailurePolicy?.rules ?? [];
  for (const [index, rule] of rules.entries()) {
    const what = describeMatch(rule, pod);
    if (what === undefined) continue;
    const { action } = rule;
    if (action !== 'FailJob') return { action, counts: action !== 'Ignore' };
    return { action, counts: true, message: `${what} matching ${action} rule at index ${index}` };
  }
  return { counts: true };
}

function describeMatch(
  { onExitCodes, onPodConditions }: k8s.PodFailurePolicyRule,
  pod: Pod,
): string | undefined {
  const whole = `${pod.metadata.namespace}/${pod.metadata.name}`;
  if (onExitCodes) {
    const found = findExit(pod, onExitCodes);
    return found && `Container ${found.name} for pod ${whole} failed with exit code ${found.code}`;
  }
  const condition = (pod.status?.conditions ?? []).find(({ type, status }) =>
    onPodConditions?.some((pattern) => pattern.type === type && (pattern.status ?? 'True') === status),
  );
  return condition && `Pod ${whole} has condition ${condition.type}`;
}

function findExit(
  pod: Pod,
  { containerName, operator, values }: k8s.PodFailurePolicyOnExitCodesRequirement,
): { name: string; code: number } | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  for (const { name, state } of [...containerStatuses, ...initContainerStatuses]) {
    const code = state?.terminated?.exitCode;
    if (code === undefined || code === 0) continue;
    if (containerName !== undefined && containerName !== name) continue;
    if ((values ?? []).includes(code) === (operator === 'In')) return { name, code };
  }
  return undefined;
}
