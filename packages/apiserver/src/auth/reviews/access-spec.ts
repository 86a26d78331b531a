import { errors, type FieldError, invalid, type KubeObject } from '@sampan/api';

/** The spec of the SubjectAccessReview kinds. */
export interface AccessSpec {
  resourceAttributes?: Record<string, unknown> | null;
  nonResourceAttributes?: { path?: string; verb?: string } | null;
  user?: string;
  groups?: string[];
  uid?: string;
  extra?: Record<string, string[]>;
}

export function attributeErrors(spec: AccessSpec): FieldError[] {
  if (spec.resourceAttributes && spec.nonResourceAttributes) {
    return [
      invalid(
        'spec.nonResourceAttributes',
        shown(spec.nonResourceAttributes),
        'cannot be specified in combination with resourceAttributes',
      ),
      ...selectorErrors(spec.resourceAttributes),
    ];
  }
  if (!spec.resourceAttributes && !spec.nonResourceAttributes) {
    return [
      invalid(
        'spec.resourceAttributes',
        null,
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    ];
  }
  return spec.resourceAttributes ? selectorErrors(spec.resourceAttributes) : [];
}

/** A selector comes either as text or as requirements (KEP-4601). */
function selectorErrors(attributes: Record<string, unknown>): FieldError[] {
  return ['fieldSelector', 'labelSelector'].flatMap((name) => {
    const selector = attributes[name];
    if (typeof selector !== 'object' || selector === null) return [];
    const { rawSelector, requirements } = selector as { rawSelector?: string; requirements?: unknown[] };
    const field = `spec.resourceAttributes.${name}`;
    if (rawSelector && requirements && requirements.length > 0) {
      return [
        invalid(`${field}.rawSelector`, rawSelector, 'may not specified at the same time as requirements'),
      ];
    }
    return rawSelector || (requirements?.length ?? 0) > 0
      ? []
      : [
          {
            type: 'FieldValueRequired' as const,
            field: `${field}.requirements`,
            detail: `when ${field} is specified, requirements or rawSelector is required`,
          },
        ];
  });
}

export function subjectErrors(spec: AccessSpec): FieldError[] {
  return !spec.user && !spec.groups?.length
    ? [invalid('spec.user', spec.user ?? '', 'at least one of user or group must be specified')]
    : [];
}

export function metadataErrors(review: KubeObject, namespaced: boolean): FieldError[] {
  const { managedFields: _managed, creationTimestamp: _created, namespace, ...rest } = review.metadata ?? {};
  const empty = Object.values(rest).every((value) => value === undefined) && (namespaced || !namespace);
  return empty
    ? []
    : [
        invalid(
          'metadata',
          review.metadata,
          namespaced ? 'must be empty except for namespace' : 'must be empty',
        ),
      ];
}

/** The Go fields of upstream's internal type. */
export const shown = ({ path = '', verb = '' }: { path?: string; verb?: string }) => ({
  Path: path,
  Verb: verb,
});

/** Upstream names no kind here: its internal objects have forgotten it. */
export function refuse(list: readonly FieldError[]): void {
  if (list.length > 0) throw errors.invalid({ group: 'authorization.k8s.io', kind: '' }, '', list);
}
