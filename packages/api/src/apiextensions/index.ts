/**
 * Custom resources: definitions (kind CustomResourceDefinition), their structural schemas, and rules in CEL.
 * Start with `custom-resource.ts` (a served version as a kind), `decode-custom.ts` (from body to object) and
 * `crd-rules.ts` (the kind CustomResourceDefinition). Rules in CEL are in `cel/`, from parser to cost limits.
 */
export { API_APPROVED } from './api-approval.ts';
export { canonical } from './canonical.ts';
export * from './crd.ts';
export * from './crd-conditions.ts';
export { customResourceDefinitionRules } from './crd-rules.ts';
export * from './custom-resource.ts';
export { customGenerationChanged } from './custom-rules.ts';
export * from './decode-custom.ts';
export type { JsonSchema, ValidationRule } from './json-schema.ts';
export { customScaleColumns } from './printer-columns.ts';
