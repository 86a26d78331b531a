import type * as k8s from '../../generated/types.ts';
import { invalid } from '../../meta/field-error.ts';
import { semanticEqual } from '../../validation/immutable.ts';
import type { Errors } from './types.ts';

const TERMS = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';

/**
 * While gates keep a pod from being scheduled, its node selector and node affinity may become narrower
 * (KEP-3838). Puts the old values into `spec` where the change has been judged here.
 */
export function validateGatedChanges(spec: k8s.PodSpec, old: k8s.PodSpec, errors: Errors): void {
  if (!semanticEqual(spec.nodeSelector, old.nodeSelector)) {
    validateSelectorChange(spec.nodeSelector ?? {}, old.nodeSelector ?? {}, errors);
    if (old.nodeSelector === undefined) delete spec.nodeSelector;
    else spec.nodeSelector = old.nodeSelector;
  }
  const before = old.affinity?.nodeAffinity;
  if (semanticEqual(spec.affinity?.nodeAffinity, before)) return;
  validateAffinityChange(spec.affinity?.nodeAffinity, before, errors);
  const affinity = { ...spec.affinity };
  if (before === undefined) delete affinity.nodeAffinity;
  else affinity.nodeAffinity = before;
  if (old.affinity === undefined && Object.keys(affinity).length === 0) delete spec.affinity;
  else spec.affinity = affinity;
}

function validateSelectorChange(
  selector: Record<string, string>,
  old: Record<string, string>,
  errors: Errors,
): void {
  const kept = Object.entries(old).every(
    ([key, value]) => Object.hasOwn(selector, key) && selector[key] === value,
  );
  if (kept) return;
  const detail = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
  errors.push(invalid('spec.nodeSelector', selector, detail));
}

function validateAffinityChange(
  affinity: k8s.NodeAffinity | undefined,
  old: k8s.NodeAffinity | undefined,
  errors: Errors,
): void {
  const oldTerms = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (oldTerms.length === 0) return;
  if (oldTerms.length !== terms.length) {
    const detail = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed';
    errors.push(invalid(TERMS, terms, detail));
    return;
  }
  terms.forEach((term, i) => {
    if (onlyAdds(term, oldTerms[i] ?? {})) return;
    errors.push(invalid(`${TERMS}[${i}]`, term, 'only additions are allowed (no mutations or deletions)'));
  });
}

/** Each list starts with what it was; an empty term, which matches nothing, stays empty. */
function onlyAdds(term: k8s.NodeSelectorTerm, old: k8s.NodeSelectorTerm): boolean {
  const lists = ['matchExpressions', 'matchFields'] as const;
  if (lists.every((list) => !old[list]?.length)) return lists.every((list) => !term[list]?.length);
  return lists.every((list) => semanticEqual(term[list]?.slice(0, old[list]?.length ?? 0), old[list]));
}
