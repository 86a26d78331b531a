import { errors, type KindRules, type KubeObject } from '@sampan/api';

/** The spec of the SubjectAccessReview kinds. */
export interface AccessSpec {
  resourceAttributes?: Record<string, unknown> | null;
  nonResourceAttributes?: { path?: string; verb?: string } | null;
  user?: string;
  groups?: string[];
  uid?: string;
  extra?: Record<string, string[]>;
}

/** Throws Invalid; upstream names no kind here: its internal objects have forgotten it. */
export function checkReview(review: KubeObject, rules: KindRules, now: number): void {
  const list = rules.validate?.(review, { now }) ?? [];
  if (list.length > 0) throw errors.invalid({ group: 'authorization.k8s.io', kind: '' }, '', list);
}
