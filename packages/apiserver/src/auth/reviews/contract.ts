import type { KubeObject } from '@sampan/api';
import type { ClusterAuthenticator } from '../authenticator.ts';
import type { Authorizer, RuleResolver, UserInfo } from '../contract.ts';

/**
 * The review kinds: created, answered, never stored (Kubernetes API reference "Authentication Resources" and
 * "Authorization Resources"). Each function returns the review with its status as a new object; errors are those
 * of upstream's registries.
 */
export interface ReviewContext {
  readonly user: UserInfo;
  /** Of the path; '' for cluster-scoped reviews. */
  readonly namespace: string;
  readonly authorizer: Authorizer;
  readonly ruleResolver: RuleResolver;
  readonly authenticator: ClusterAuthenticator;
  /** Of this API server. */
  readonly audiences: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export type Review = (review: KubeObject, context: ReviewContext) => KubeObject;
