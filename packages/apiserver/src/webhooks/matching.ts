import {
  type AdmissionRule,
  errors,
  type KubeObject,
  type LabelMatcher,
  type ResourceDefinition,
} from '@sampan/api';
import type { ObjectReader } from '@sampan/machinery';
import type { AdmissionRequest } from '../admission/contract.ts';
import { resourceOf } from '../admission/forbidden.ts';
import type { ResourceTable } from '../registry/resource-table.ts';
import { equivalentsOf, namespaceOf } from './subject.ts';
import type { Hook } from './webhook-list.ts';

/** Which requests a webhook or a policy is about. */
export interface Criteria {
  readonly namespaces: LabelMatcher;
  readonly objects: LabelMatcher;
  /** Undefined: all. */
  readonly rules: readonly AdmissionRule[] | undefined;
  /** Requests that match one of these are not meant, whatever the rules say. */
  readonly excluded?: readonly AdmissionRule[];
  /** Requests in another version of a resource that a rule names are meant, too. */
  readonly equivalent: boolean;
}

/**
 * Which requests are meant (apiserver plugin/webhook/generic ShouldCallHook, plugin/policy/matching), without match
 * conditions.
 */
export class RequestMatcher {
  readonly #reader: ObjectReader;
  readonly #resources: () => ResourceTable;

  constructor(reader: ObjectReader, resources: () => ResourceTable) {
    this.#reader = reader;
    this.#resources = resources;
  }

  /** The version of the resource that is meant; undefined: the request is not. Throws NotFound. */
  match(criteria: Criteria, request: AdmissionRequest): ResourceDefinition | undefined {
    if (!matchesObject(criteria, request)) return undefined;
    const found = this.#definitionFor(criteria, request);
    return found && this.#matchesNamespace(criteria, request) ? found : undefined;
  }

  #definitionFor(
    { rules, excluded = [], equivalent }: Criteria,
    request: AdmissionRequest,
  ): ResourceDefinition | undefined {
    if (excluded.length > 0 && this.#anyVersion(excluded, equivalent, request)) return undefined;
    return rules ? this.#anyVersion(rules, equivalent, request) : request.definition;
  }

  /** The version of the request's resource that a rule names: its own before others. */
  #anyVersion(
    rules: readonly AdmissionRule[],
    equivalent: boolean,
    request: AdmissionRequest,
  ): ResourceDefinition | undefined {
    if (rules.some((rule) => matchesRule(rule, request, request.definition))) return request.definition;
    if (!equivalent) return undefined;
    const equivalents = equivalentsOf(this.#resources(), request.definition);
    for (const rule of rules) {
      const found = equivalents.find((definition) => matchesRule(rule, request, definition));
      if (found) return found;
    }
    return undefined;
  }

  #matchesNamespace({ namespaces }: Criteria, request: AdmissionRequest): boolean {
    if (namespaces.empty) return true;
    const name = namespaceOf(request);
    const isNamespace = request.definition.group === '' && request.definition.resource === 'namespaces';
    if (name === '' && !isNamespace) return true;
    return namespaces.matches(this.#labelsOf(name, isNamespace, request));
  }

  #labelsOf(name: string, isNamespace: boolean, request: AdmissionRequest) {
    const { operation, subresource, object } = request;
    if (isNamespace && subresource === '' && operation !== 'DELETE') return object?.metadata.labels;
    const namespace = this.#reader.get<KubeObject>('namespaces', '', name);
    if (!namespace) throw errors.notFound({ group: '', resource: 'namespaces' }, name);
    return namespace.metadata.labels;
  }
}

function matchesObject({ objects }: Criteria, { object, old }: AdmissionRequest): boolean {
  if (objects.empty) return true;
  return (
    (object?.metadata !== undefined && objects.matches(object.metadata.labels)) ||
    (old !== undefined && objects.matches(old.metadata.labels))
  );
}

const anyOf = (items: readonly string[] | undefined, wanted: string): boolean =>
  items?.some((item) => item === '*' || item === wanted) ?? false;

function matchesRule(
  rule: AdmissionRule,
  request: AdmissionRequest,
  { group, version, resource }: ResourceDefinition,
): boolean {
  return (
    matchesScope(rule, request) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(request.name)) &&
    anyOf(rule.operations, request.operation) &&
    anyOf(rule.apiGroups, group) &&
    anyOf(rule.apiVersions, version) &&
    (rule.resources ?? []).some((pattern) => matchesResource(pattern, resource, request.subresource))
  );
}

function matchesScope({ scope = '*' }: AdmissionRule, request: AdmissionRequest): boolean {
  if (scope === '*') return true;
  return request.definition.namespaced ? scope === 'Namespaced' : scope === 'Cluster';
}

function matchesResource(pattern: string, resource: string, subresource: string): boolean {
  const slash = pattern.indexOf('/');
  const name = slash < 0 ? pattern : pattern.slice(0, slash);
  const sub = slash < 0 ? '' : pattern.slice(slash + 1);
  return (name === '*' || name === resource) && (sub === '*' || sub === subresource);
}

/**
 * Configurations of webhooks and policies are never sent to webhooks: a mistake could not be mended otherwise. Policies
 * do not judge policies.
 */
export function isExempt(
  { group, resource }: Pick<ResourceDefinition, 'group' | 'resource'>,
  from: 'webhooks' | 'policies',
): boolean {
  if (group !== 'admissionregistration.k8s.io') return false;
  return from === 'webhooks' || /^(validating|mutating)admissionpolic/.test(resource);
}

/** A webhook whose conditions cannot be evaluated fails closed, unless it says otherwise. */
export function conditionsFailed(hook: Hook, request: AdmissionRequest, text: string): Error | undefined {
  if (hook.webhook.failurePolicy === 'Ignore') return undefined;
  return errors.forbidden(resourceOf(request), request.name, text);
}
