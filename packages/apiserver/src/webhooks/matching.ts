import { type AdmissionRule, errors, type KubeObject, type ResourceDefinition } from '@sampan/api';
import type { ObjectReader } from '@sampan/machinery';
import type { AdmissionRequest } from '../admission/contract.ts';
import { resourceOf } from '../admission/forbidden.ts';
import type { ResourceTable } from '../registry/resource-table.ts';
import { equivalentsOf, namespaceOf } from './subject.ts';
import type { Hook } from './webhook-list.ts';

/** Which webhooks a request concerns (apiserver plugin/webhook/generic ShouldCallHook, without match conditions). */
export class WebhookMatcher {
  readonly #reader: ObjectReader;
  readonly #resources: () => ResourceTable;

  constructor(reader: ObjectReader, resources: () => ResourceTable) {
    this.#reader = reader;
    this.#resources = resources;
  }

  /** The version of the resource in which the webhook wants to see it; undefined: it is not concerned. Throws NotFound. */
  match(hook: Hook, request: AdmissionRequest): ResourceDefinition | undefined {
    if (!matchesObject(hook, request)) return undefined;
    const found = this.#definitionFor(hook, request);
    return found && this.#matchesNamespace(hook, request) ? found : undefined;
  }

  #definitionFor({ webhook }: Hook, request: AdmissionRequest): ResourceDefinition | undefined {
    const rules = webhook.rules ?? [];
    if (rules.some((rule) => matchesRule(rule, request, request.definition))) return request.definition;
    if (webhook.matchPolicy !== 'Equivalent') return undefined;
    const equivalents = equivalentsOf(this.#resources(), request.definition);
    for (const rule of rules) {
      const found = equivalents.find((definition) => matchesRule(rule, request, definition));
      if (found) return found;
    }
    return undefined;
  }

  #matchesNamespace({ namespaces }: Hook, request: AdmissionRequest): boolean {
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

function matchesObject({ objects }: Hook, { object, old }: AdmissionRequest): boolean {
  if (objects.empty) return true;
  return (
    (object?.metadata !== undefined && objects.matches(object.metadata.labels)) ||
    (old !== undefined && objects.matches(old.metadata.labels))
  );
}

const anyOf = (items: readonly string[] | undefined, wanted: string): boolean =>
  items?.some((item) => item === '*' || item === wanted) ?? false;

export function matchesRule(
  rule: AdmissionRule,
  request: AdmissionRequest,
  { group, version, resource }: ResourceDefinition,
): boolean {
  return (
    matchesScope(rule, request) &&
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

/** Configurations of webhooks are never sent to webhooks: a mistake could not be mended otherwise. */
export function isExempt({ group, resource }: Pick<ResourceDefinition, 'group' | 'resource'>): boolean {
  return group === 'admissionregistration.k8s.io' && EXEMPT.has(resource);
}

const EXEMPT: ReadonlySet<string> = new Set([
  'mutatingwebhookconfigurations',
  'validatingwebhookconfigurations',
]);

/** A webhook whose conditions cannot be evaluated fails closed, unless it says otherwise. */
export function conditionsFailed(hook: Hook, request: AdmissionRequest, text: string): Error | undefined {
  if (hook.webhook.failurePolicy === 'Ignore') return undefined;
  return errors.forbidden(resourceOf(request), request.name, text);
}
