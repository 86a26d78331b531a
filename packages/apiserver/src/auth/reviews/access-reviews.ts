import {
  errors,
  type KubeObject,
  localSubjectAccessReviewRules,
  selfSubjectAccessReviewRules,
  subjectAccessReviewRules,
} from '@sampan/api';
import type { Attributes, Authorizer, UserInfo } from '../contract.ts';
import { type AccessSpec, checkReview } from './access-spec.ts';
import type { ReviewContext } from './contract.ts';

export function reviewSelfAccess(review: KubeObject, context: ReviewContext): KubeObject {
  checkReview(review, selfSubjectAccessReviewRules, context.now);
  return answer(review, context.authorizer, attributesFrom(review.spec ?? {}, context.user));
}

export function reviewAccess(review: KubeObject, context: ReviewContext): KubeObject {
  checkReview(review, subjectAccessReviewRules, context.now);
  const spec: AccessSpec = review.spec ?? {};
  return answer(review, context.authorizer, attributesFrom(spec, subjectOf(spec)));
}

export function reviewLocalAccess(review: KubeObject, context: ReviewContext): KubeObject {
  checkReview(review, localSubjectAccessReviewRules, context.now);
  if (context.namespace === '') throw errors.badRequest('namespace is required on this type: ');
  if (context.namespace !== review.metadata.namespace) {
    throw errors.badRequest(`spec.resourceAttributes.namespace must match namespace: ${context.namespace}`);
  }
  const spec: AccessSpec = review.spec ?? {};
  return answer(review, context.authorizer, attributesFrom(spec, subjectOf(spec)));
}

export function reviewRules(review: KubeObject, context: ReviewContext): KubeObject {
  const namespace = text(review.spec?.namespace);
  if (namespace === '') throw errors.badRequest('no namespace on request');
  const rules = context.ruleResolver.rulesFor(context.user, namespace);
  return {
    apiVersion: review.apiVersion,
    kind: review.kind,
    metadata: {},
    spec: {},
    status: {
      resourceRules: rules.resourceRules,
      nonResourceRules: rules.nonResourceRules,
      incomplete: rules.incomplete,
      ...(rules.evaluationError === '' ? {} : { evaluationError: rules.evaluationError }),
    },
  };
}

function answer(review: KubeObject, authorizer: Authorizer, attributes: Attributes): KubeObject {
  const decision = authorizer.authorize(attributes);
  return {
    ...review,
    status: {
      allowed: decision.allowed,
      ...(decision.denied ? { denied: true } : {}),
      ...(decision.reason === '' ? {} : { reason: decision.reason }),
    },
  };
}

function attributesFrom(spec: AccessSpec, user: UserInfo): Attributes {
  const asked = spec.resourceAttributes;
  if (!asked) {
    const { path = '', verb = '' } = spec.nonResourceAttributes ?? {};
    return {
      user,
      verb,
      isResource: false,
      group: '',
      version: '',
      resource: '',
      subresource: '',
      namespace: '',
      name: '',
      path,
    };
  }
  const fieldSelector = selectorText(asked.fieldSelector);
  return {
    user,
    verb: text(asked.verb),
    isResource: true,
    group: text(asked.group),
    version: text(asked.version),
    resource: text(asked.resource),
    subresource: text(asked.subresource),
    namespace: text(asked.namespace),
    name: text(asked.name),
    path: '',
    ...(fieldSelector === '' ? {} : { fieldSelector }),
  };
}

/** FieldSelectorAttributes: as text, or as requirements of which only those with one value count here. */
function selectorText(selector: unknown): string {
  if (typeof selector !== 'object' || selector === null) return '';
  const { rawSelector, requirements } = selector as { rawSelector?: unknown; requirements?: unknown };
  if (typeof rawSelector === 'string') return rawSelector;
  if (!Array.isArray(requirements)) return '';
  return requirements
    .flatMap(({ key, operator, values }: { key?: string; operator?: string; values?: string[] }) =>
      operator === 'In' && values?.length === 1
        ? [`${key}=${(values[0] ?? '').replace(/[\\,=]/g, '\\$&')}`]
        : [],
    )
    .join(',');
}

const subjectOf = (spec: AccessSpec): UserInfo => ({
  name: spec.user ?? '',
  groups: spec.groups ?? [],
  ...(spec.uid ? { uid: spec.uid } : {}),
  ...(spec.extra ? { extra: spec.extra } : {}),
});

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
