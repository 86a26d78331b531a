import type { Attributes, Authorizer, Decision, ResolvedRules, RuleResolver } from './contract.ts';
import { isMaster } from './users.ts';

/**
 * Members of system:masters may do all; everyone else what one of the authorizers allows, asked in order. Reasons
 * of those without an opinion are joined by line breaks, as in apiserver pkg/authorization/union.
 */
export function createAuthorizerUnion(authorizers: readonly Authorizer[]): Authorizer {
  return {
    authorize(attributes: Attributes): Decision {
      if (isMaster(attributes.user)) return ALLOWED;
      let reason = '';
      for (const authorizer of authorizers) {
        const decision = authorizer.authorize(attributes);
        if (decision.allowed || decision.denied) return decision;
        if (decision.reason !== '')
          reason = reason === '' ? decision.reason : `${reason}\n${decision.reason}`;
      }
      return reason === '' ? NO_OPINION : { allowed: false, reason };
    },
  };
}

export const ALLOWED: Decision = Object.freeze({ allowed: true, reason: '' });
export const NO_OPINION: Decision = Object.freeze({ allowed: false, reason: '' });
export const noOpinion = (reason: string): Decision => ({ allowed: false, reason });

export function createRuleResolverUnion(resolvers: readonly RuleResolver[]): RuleResolver {
  return {
    rulesFor(user, namespace): ResolvedRules {
      const all = resolvers.map((resolver) => resolver.rulesFor(user, namespace));
      return {
        resourceRules: all.flatMap((rules) => rules.resourceRules),
        nonResourceRules: all.flatMap((rules) => rules.nonResourceRules),
        incomplete: all.some((rules) => rules.incomplete),
        evaluationError: aggregateErrors(
          all.map((rules) => rules.evaluationError).filter((text) => text !== ''),
        ),
      };
    },
  };
}

/** One error plain, several distinct ones in brackets (apimachinery util/errors Aggregate). */
export function aggregateErrors(messages: readonly string[]): string {
  const distinct = [...new Set(messages)];
  return distinct.length <= 1 ? (distinct[0] ?? '') : `[${distinct.join(', ')}]`;
}
