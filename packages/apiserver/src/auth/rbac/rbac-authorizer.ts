import { goQuote } from '@sampan/api';
import { aggregateErrors, NO_OPINION } from '../authorizer-union.ts';
import type { Attributes, Authorizer, Decision, ResolvedRules, RuleResolver } from '../contract.ts';
import { listOf } from './policy.ts';
import { type Grant, missingRole, type RbacIndex } from './rbac-index.ts';

/** Role-based access control (kubernetes plugin/pkg/auth/authorizer/rbac). Never denies, only allows. */
export class RbacAuthorizer implements Authorizer, RuleResolver {
  readonly #index: RbacIndex;

  constructor(index: RbacIndex) {
    this.#index = index;
  }

  authorize(attributes: Attributes): Decision {
    const sub = attributes.subresource;
    const combined = sub === '' ? '' : `${attributes.resource}/${sub}`;
    const wildcard = sub === '' ? '' : `*/${sub}`;
    let reason = '';
    let missing: string[] | undefined;
    const allowed = this.#index.visitGrants(attributes.user, attributes.namespace, (grant, namespace) => {
      const role = this.#index.role(grant.binding.roleRef, namespace);
      if (!role) {
        missing ??= [];
        missing.push(missingRole(grant.binding.roleRef));
        return false;
      }
      if (!role.allows(attributes, combined, wildcard)) return false;
      reason = describe(grant, namespace);
      return true;
    });
    if (allowed) return { allowed: true, reason };
    return missing ? { allowed: false, reason: `RBAC: ${aggregateErrors(missing)}` } : NO_OPINION;
  }

  rulesFor(user: Attributes['user'], namespace: string): ResolvedRules {
    const { rules, errors } = this.#index.rulesFor(user, namespace);
    return {
      resourceRules: rules
        .filter((rule) => listOf(rule.resources).length > 0)
        .map((rule) => ({
          verbs: listOf(rule.verbs),
          apiGroups: listOf(rule.apiGroups),
          resources: listOf(rule.resources),
          ...(listOf(rule.resourceNames).length > 0 ? { resourceNames: listOf(rule.resourceNames) } : {}),
        })),
      nonResourceRules: rules
        .filter((rule) => listOf(rule.nonResourceURLs).length > 0)
        .map((rule) => ({ verbs: listOf(rule.verbs), nonResourceURLs: listOf(rule.nonResourceURLs) })),
      incomplete: false,
      evaluationError: aggregateErrors(errors),
    };
  }
}

function describe({ binding, subject }: Grant, namespace: string): string {
  const kind = namespace === '' ? 'ClusterRoleBinding' : 'RoleBinding';
  const name = namespace === '' ? binding.name : `${binding.name}/${namespace}`;
  const who =
    subject.kind === 'ServiceAccount'
      ? `${subject.name}/${subject.namespace ? subject.namespace : namespace}`
      : subject.name;
  return `RBAC: allowed by ${kind} ${goQuote(name)} of ${binding.roleRef.kind} ${goQuote(binding.roleRef.name)} to ${subject.kind} ${goQuote(who)}`;
}
