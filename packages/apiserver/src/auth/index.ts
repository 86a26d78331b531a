/**
 * Who asks and may they. Start with `cluster-auth.ts` (what it is made of) and `contract.ts` (what the request
 * handler sees of it).
 */
export { aggregatedRules, isBootstrapTokenExpired } from '@sampan/api';
export { decideApproval, SIGNER, type SigningRequest, signApproved } from '@sampan/machinery';
export * from './authenticator.ts';
export { createAuthorizerUnion, createRuleResolverUnion } from './authorizer-union.ts';
export { readClientCertificate, userOfCertificate } from './client-certificate.ts';
export * from './cluster-auth.ts';
export type * from './contract.ts';
export { forbiddenError } from './forbidden.ts';
export * from './impersonation.ts';
export { NodeAuthorizer, nodeOf } from './node/node-authorizer.ts';
export { NodeGraph } from './node/node-graph.ts';
export { componentPolicy } from './rbac/component-policy.ts';
export * from './rbac/escalation.ts';
export * from './rbac/policy.ts';
export { RbacAuthorizer } from './rbac/rbac-authorizer.ts';
export { RbacIndex } from './rbac/rbac-index.ts';
export { type PolicyChange, planDefaultPolicy } from './rbac/reconcile.ts';
export type * from './reviews/contract.ts';
export * from './reviews/reviews.ts';
export { BootstrapTokens } from './tokens/bootstrap-tokens.ts';
export { issueLegacyToken, LegacyTokens } from './tokens/legacy-tokens.ts';
export { type OpenIdDocument, openIdDocuments } from './tokens/openid.ts';
export { ServiceAccountTokens } from './tokens/service-account-tokens.ts';
export { SigningKeys } from './tokens/signing-keys.ts';
export * from './tokens/token-authenticator.ts';
export { issueServiceAccountToken, type TokenIssuer, type TokenRequest } from './tokens/token-request.ts';
export * from './users.ts';
