import type { KindRules } from '../kinds/resource.ts';
import { fieldErrorMessage } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';

/** For tests: objects and what rules say of them. */
const NOW = { now: Date.UTC(2026, 0, 1) };

export function objectOf(fields: Record<string, unknown>): KubeObject {
  return structuredClone({
    apiVersion: 'v1',
    kind: 'Test',
    ...fields,
    metadata: { name: 'one', namespace: 'default', resourceVersion: '1', ...(fields.metadata as object) },
  });
}

/** The object as created: defaulted, prepared. */
export function created(rules: KindRules, fields: Record<string, unknown>): KubeObject {
  const object = objectOf(fields);
  rules.setDefaults?.(object);
  rules.prepareForCreate?.(object, NOW);
  return object;
}

/** Messages of the errors of a new object, as in a Status. */
export function createMessages(rules: KindRules, fields: Record<string, unknown>): string[] {
  return (rules.validate?.(created(rules, fields), NOW) ?? []).map(fieldErrorMessage);
}

/** Messages of an update from one object to another. */
export function updateMessages(
  rules: KindRules,
  from: Record<string, unknown>,
  to: Record<string, unknown>,
): string[] {
  const old = created(rules, from);
  const object = objectOf(to);
  rules.setDefaults?.(object);
  rules.prepareForUpdate?.(object, old, NOW);
  const errors = rules.validateUpdate
    ? rules.validateUpdate(object, old, NOW)
    : rules.validate?.(object, NOW);
  return (errors ?? []).map(fieldErrorMessage);
}
