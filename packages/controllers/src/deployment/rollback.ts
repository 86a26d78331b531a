import type { Deployment, ReplicaSet } from '../workloads/objects.ts';
import { ROLLBACK_TO, revisionIn, revisionOf, rolledBackAnnotations } from './annotations.ts';
import { HASH_LABEL, sameTemplate } from './replica-sets.ts';

export interface Rollback {
  /** The Deployment to be written, without its wish to be rolled back. */
  readonly deployment: Deployment;
  readonly event: { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly note: string };
}

/**
 * Goes back to an earlier template when the annotation of extensions/v1beta1's rollback asks for it (kubernetes
 * deployment rollback.go); undefined: nobody asked. `kubectl rollout undo` does not: it writes the template itself.
 */
export function decideRollback(deployment: Deployment, sets: readonly ReplicaSet[]): Rollback | undefined {
  const wanted = revisionIn(deployment.metadata.annotations?.[ROLLBACK_TO]);
  if (wanted === undefined) return undefined;
  const revision = wanted === 0n ? lastRevision(sets) : wanted;
  const warn = (reason: string, note: string): Rollback => ({
    deployment: withoutWish(deployment),
    event: { type: 'Warning', reason, note },
  });
  if (revision === 0n) return warn('DeploymentRollbackRevisionNotFound', 'Unable to find last revision.');
  const target = sets.find((set) => revisionOf(set) === revision);
  if (!target)
    return warn('DeploymentRollbackRevisionNotFound', 'Unable to find the revision to rollback to.');
  const { name } = deployment.metadata;
  if (sameTemplate(target.spec.template, deployment.spec.template)) {
    const note = `The rollback revision contains the same template as current deployment "${name}"`;
    return warn('DeploymentRollbackTemplateUnchanged', note);
  }
  const note = `Rolled back deployment "${name}" to revision ${revision}`;
  return {
    deployment: withTemplateOf(deployment, target),
    event: { type: 'Normal', reason: 'DeploymentRollback', note },
  };
}

/** The revision before the present one; 0: there is none. */
function lastRevision(sets: readonly ReplicaSet[]): bigint {
  return sets.map(revisionOf).sort((a, b) => (a < b ? 1 : a > b ? -1 : 0))[1] ?? 0n;
}

function withoutWish(deployment: Deployment): Deployment {
  const { [ROLLBACK_TO]: _, ...annotations } = deployment.metadata.annotations ?? {};
  return { ...deployment, metadata: { ...deployment.metadata, annotations } };
}

function withTemplateOf(deployment: Deployment, set: ReplicaSet): Deployment {
  const template = set.spec.template ?? {};
  const { [HASH_LABEL]: _, ...labels } = template.metadata?.labels ?? {};
  return {
    ...deployment,
    metadata: { ...deployment.metadata, annotations: rolledBackAnnotations(deployment, set) },
    spec: { ...deployment.spec, template: { ...template, metadata: { ...template.metadata, labels } } },
  };
}
