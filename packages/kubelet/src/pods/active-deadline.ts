import type { k8s } from '@sampan/api';

/** `spec.activeDeadlineSeconds` (kubelet active_deadline.go): when the pod must end, and why; undefined: never. */
export function activeDeadline(
  { spec }: k8s.Pod,
  startTime: string | undefined,
): { readonly at: number; readonly reason: string; readonly message: string } | undefined {
  if (spec?.activeDeadlineSeconds === undefined || startTime === undefined) return undefined;
  return {
    at: Date.parse(startTime) + spec.activeDeadlineSeconds * 1000,
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  };
}
