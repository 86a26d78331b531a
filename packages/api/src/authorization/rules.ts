import { list, type Part, shown } from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, invalid, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';

function selectorErrors(selector: Part, field: string): FieldError[] {
  if (selector === undefined) return [];
  const raw: string = selector.rawSelector ?? '';
  const count = list(selector.requirements).length;
  if (raw !== '' && count > 0) {
    return [invalid(`${field}.rawSelector`, raw, 'may not specified at the same time as requirements')];
  }
  return raw === '' && count === 0
    ? [
        required(
          `${field}.requirements`,
          `when ${field} is specified, requirements or rawSelector is required`,
        ),
      ]
    : [];
}

function attributeErrors(spec: Part): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    const message = 'cannot be specified in combination with resourceAttributes';
    return [invalid('spec.nonResourceAttributes', nonResourceAttributes, message)];
  }
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    const message = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    return [invalid('spec.resourceAttributes', shown(undefined), message)];
  }
  return ['fieldSelector', 'labelSelector'].flatMap((key) =>
    selectorErrors(resourceAttributes?.[key], `spec.resourceAttributes.${key}`),
  );
}

function userErrors(spec: Part): FieldError[] {
  return spec.user || list(spec.groups).length > 0
    ? []
    : [invalid('spec.user', spec.user ?? '', 'at least one of user or group must be specified')];
}

/** A review is not stored, so it has no metadata of its own. */
function metadataErrors(review: KubeObject, mayHave: readonly string[], message: string): FieldError[] {
  const ignored = ['managedFields', ...mayHave];
  const extra = Object.entries(review.metadata).some(
    ([key, value]) => !ignored.includes(key) && value !== undefined && value !== null && value !== '',
  );
  return extra ? [invalid('metadata', review.metadata, message)] : [];
}

export const selfSubjectAccessReviewRules: KindRules = {
  validate: (review) => [
    ...attributeErrors(review.spec ?? {}),
    ...metadataErrors(review, [], 'must be empty'),
  ],
};

export const subjectAccessReviewRules: KindRules = {
  validate: (review) => [
    ...attributeErrors(review.spec ?? {}),
    ...userErrors(review.spec ?? {}),
    ...metadataErrors(review, [], 'must be empty'),
  ],
};

export const localSubjectAccessReviewRules: KindRules = {
  validate(review) {
    const spec = review.spec ?? {};
    const errors = [
      ...attributeErrors(spec),
      ...userErrors(spec),
      ...metadataErrors(review, ['namespace'], 'must be empty except for namespace'),
    ];
    const namespace: string = spec.resourceAttributes?.namespace ?? '';
    if (spec.resourceAttributes !== undefined && namespace !== (review.metadata.namespace ?? '')) {
      errors.push(invalid('spec.resourceAttributes.namespace', namespace, 'must match metadata.namespace'));
    }
    if (spec.nonResourceAttributes !== undefined) {
      const message = 'disallowed on this kind of request';
      errors.push(invalid('spec.nonResourceAttributes', spec.nonResourceAttributes, message));
    }
    return errors;
  },
};

export const selfSubjectRulesReviewRules: KindRules = { validate: () => [] };
