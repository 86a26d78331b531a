/**
 * Tier 1: kinds as data. Start with `kinds/resource.ts` (what a kind is) and `schema/type-schema.ts`
 * (what a type is).
 */
export * from './admissionregistration/index.ts';
export * from './apiextensions/index.ts';
export { type ApiService, type ApiServiceCondition, LOCAL_AVAILABLE } from './apiregistration/apiservice.ts';
export * from './apply/index.ts';
export { tokenRequestRules } from './authentication/rules.ts';
export * from './authorization/rules.ts';
export { certificateApproval } from './certificates/certificatesigningrequest.ts';
export * from './certificates/request.ts';
export { signerNameErrors } from './certificates/signer-name.ts';
export { humanDuration, since } from './columns/duration.ts';
export * from './columns/pod.ts';
export { scaleColumns } from './columns/scale.ts';
export { isBootstrapTokenExpired } from './core/bootstrap-token.ts';
export { validateNamespaceFinalize } from './core/namespace.ts';
export * from './core/pod/index.ts';
export { podSubresourceRules } from './core/pod/rules.ts';
export * from './core/service/index.ts';
export type * as k8s from './generated/types.ts';
export { kindColumns } from './kinds/columns.ts';
export * from './kinds/groups.ts';
export * from './kinds/kinds.ts';
export * from './kinds/resource.ts';
export * from './meta/field-error.ts';
export { goQuote } from './meta/go-quote.ts';
export * from './meta/object.ts';
export * from './meta/status.ts';
export * from './meta/version-priority.ts';
export * from './networking/ip-number.ts';
export * from './openapi/document.ts';
export * from './openapi/openapi.ts';
export * from './openapi/openapi-protobuf.ts';
export * from './patch/index.ts';
export * from './protobuf/index.ts';
export * from './rbac/aggregate.ts';
export * from './schema/base64.ts';
export * from './schema/decode.ts';
export * from './schema/decode-body.ts';
export * from './schema/explain-mismatch.ts';
export * from './schema/parse-body.ts';
export * from './schema/schema-of.ts';
export * from './schema/strict-errors.ts';
export * from './schema/times.ts';
export * from './schema/type-schema.ts';
export * from './validation/index.ts';
