import type { Clock } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import { type AuthenticatorOptions, ClusterAuthenticator } from './authenticator.ts';
import { createAuthorizerUnion, createRuleResolverUnion } from './authorizer-union.ts';
import type { Authorizer, RuleResolver } from './contract.ts';
import { NodeAuthorizer } from './node/node-authorizer.ts';
import { NodeGraph } from './node/node-graph.ts';
import { RbacAuthorizer } from './rbac/rbac-authorizer.ts';
import { RbacIndex } from './rbac/rbac-index.ts';
import { BootstrapTokens } from './tokens/bootstrap-tokens.ts';
import { LegacyTokens } from './tokens/legacy-tokens.ts';
import { ServiceAccountTokens } from './tokens/service-account-tokens.ts';
import type { SigningKeys } from './tokens/signing-keys.ts';
import type { TokenIssuer } from './tokens/token-request.ts';

export interface ClusterAuthOptions {
  readonly reader: ObjectReader;
  /** Of ServiceAccount tokens. */
  readonly keys: SigningKeys;
  readonly clock: Clock;
  /** Default `https://kubernetes.default.svc.cluster.local`. */
  readonly issuer?: string;
  /** Default: the issuer alone. */
  readonly audiences?: readonly string[];
  /** Default true. */
  readonly anonymous?: boolean;
  /** Certificates that are believed no more, asked at each request. Default: none. */
  readonly isRevoked?: AuthenticatorOptions['isRevoked'];
}

/** Authentication and authorization of one cluster, with the indexes they share. `close` ends their watches. */
export interface ClusterAuth {
  readonly authenticator: ClusterAuthenticator;
  readonly authorizer: Authorizer;
  readonly ruleResolver: RuleResolver;
  readonly rbac: RbacIndex;
  readonly tokenIssuer: TokenIssuer;
  readonly audiences: readonly string[];
  close(): void;
}

export const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local';

/** Upstream's `--authorization-mode=Node,RBAC` with client certificates, ServiceAccount and bootstrap tokens. */
export function createClusterAuth(options: ClusterAuthOptions): ClusterAuth {
  const { reader, keys, clock } = options;
  const issuer = options.issuer ?? DEFAULT_ISSUER;
  const audiences = options.audiences ?? [issuer];
  const rbac = new RbacIndex(reader);
  const graph = new NodeGraph(reader);
  const authorizers = [new NodeAuthorizer(graph), new RbacAuthorizer(rbac)];
  const tokens = [
    new ServiceAccountTokens({ reader, keys, issuer, audiences, clock }),
    new LegacyTokens(reader, keys, audiences),
    new BootstrapTokens(reader, clock, audiences),
  ];
  return {
    authenticator: new ClusterAuthenticator({
      ...{ tokens, audiences, anonymous: options.anonymous ?? true },
      ...(options.isRevoked ? { isRevoked: options.isRevoked } : {}),
    }),
    authorizer: createAuthorizerUnion(authorizers),
    ruleResolver: createRuleResolverUnion(authorizers),
    rbac,
    tokenIssuer: { reader, keys, issuer, audiences, clock },
    audiences,
    close() {
      rbac.close();
      graph.close();
    },
  };
}
