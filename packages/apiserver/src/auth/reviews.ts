import { errors, type FieldError, invalid, type KubeObject } from '@sampan/api';
import type { ClusterAuthenticator } from './authenticator.ts';
import type { Attributes, Authorizer, RuleResolver, UserInfo } from './contract.ts';
import { TokenError } from './tokens/token-authenticator.ts';

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

/** By `RESOURCE.GROUP`. */
export const REVIEWS: ReadonlyMap<string, Review> = new Map<string, Review>([
  ['selfsubjectaccessreviews.authorization.k8s.io', reviewSelfAccess],
  ['subjectaccessreviews.authorization.k8s.io', reviewAccess],
  ['localsubjectaccessreviews.authorization.k8s.io', reviewLocalAccess],
  ['selfsubjectrulesreviews.authorization.k8s.io', reviewRules],
  ['selfsubjectreviews.authentication.k8s.io', reviewSelf],
  ['tokenreviews.authentication.k8s.io', reviewToken],
]);

interface AccessSpec {
  resourceAttributes?: Record<string, unknown> | null;
  nonResourceAttributes?: { path?: string; verb?: string } | null;
  user?: string;
  groups?: string[];
  uid?: string;
  extra?: Record<string, string[]>;
}

export function reviewSelfAccess(review: KubeObject, context: ReviewContext): KubeObject {
  const spec: AccessSpec = review.spec ?? {};
  refuse([...attributeErrors(spec), ...metadataErrors(review, false)]);
  return answer(review, context.authorizer, attributesFrom(spec, context.user));
}

export function reviewAccess(review: KubeObject, context: ReviewContext): KubeObject {
  const spec: AccessSpec = review.spec ?? {};
  refuse([...attributeErrors(spec), ...subjectErrors(spec), ...metadataErrors(review, false)]);
  return answer(review, context.authorizer, attributesFrom(spec, subjectOf(spec)));
}

export function reviewLocalAccess(review: KubeObject, context: ReviewContext): KubeObject {
  const spec: AccessSpec = review.spec ?? {};
  const namespace = review.metadata?.namespace ?? '';
  const list = [...attributeErrors(spec), ...subjectErrors(spec), ...metadataErrors(review, true)];
  const asked = text(spec.resourceAttributes?.namespace);
  if (spec.resourceAttributes && asked !== namespace) {
    list.push(invalid('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace'));
  }
  if (spec.nonResourceAttributes) {
    list.push(
      invalid(
        'spec.nonResourceAttributes',
        shown(spec.nonResourceAttributes),
        'disallowed on this kind of request',
      ),
    );
  }
  refuse(list);
  if (context.namespace === '')
    throw errors.badRequest(`namespace is required on this type: ${context.namespace}`);
  if (context.namespace !== namespace) {
    throw errors.badRequest(`spec.resourceAttributes.namespace must match namespace: ${context.namespace}`);
  }
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

export function reviewSelf(review: KubeObject, context: ReviewContext): KubeObject {
  const creationTimestamp = new Date(context.now).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    ...review,
    metadata: { ...review.metadata, creationTimestamp },
    status: { userInfo: userInfo(context.user) },
  };
}

export function reviewToken(review: KubeObject, context: ReviewContext): KubeObject {
  const token = text(review.spec?.token);
  if (token === '') throw errors.badRequest('token is required for TokenReview in authentication');
  const asked: string[] = review.spec?.audiences ?? [];
  try {
    const found = context.authenticator.authenticateToken(
      token,
      asked.length > 0 ? asked : context.audiences,
    );
    return {
      ...review,
      status: { authenticated: true, user: userInfo(found.user), audiences: found.audiences },
    };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return { ...review, status: { user: {}, error: error.message } };
  }
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

/** authentication/v1 UserInfo. */
function userInfo({ name, uid, groups, extra }: UserInfo) {
  return {
    username: name,
    ...(uid ? { uid } : {}),
    ...(groups.length > 0 ? { groups } : {}),
    ...(extra && Object.keys(extra).length > 0 ? { extra } : {}),
  };
}

function attributeErrors(spec: AccessSpec): FieldError[] {
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

function subjectErrors(spec: AccessSpec): FieldError[] {
  return !spec.user && !spec.groups?.length
    ? [invalid('spec.user', spec.user ?? '', 'at least one of user or group must be specified')]
    : [];
}

function metadataErrors(review: KubeObject, namespaced: boolean): FieldError[] {
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
const shown = ({ path = '', verb = '' }: { path?: string; verb?: string }) => ({ Path: path, Verb: verb });

/** Upstream names no kind here: its internal objects have forgotten it. */
function refuse(list: readonly FieldError[]): void {
  if (list.length > 0) throw errors.invalid({ group: 'authorization.k8s.io', kind: '' }, '', list);
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
