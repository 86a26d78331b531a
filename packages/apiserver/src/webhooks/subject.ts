import { type KubeObject, parseApiVersion, type ResourceDefinition } from '@sampan/api';
import type { AdmissionRequest } from '../admission/contract.ts';
import type { ResourceTable } from '../registry/resource-table.ts';

export interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** What a request is about, in one version of its resource, as webhooks are told. */
export interface Subject {
  readonly kind: Kind;
  readonly definition: ResourceDefinition;
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
}

const SCALE: Kind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

/** The request as it came. Reads the object as it is now: mutating plug-ins may have changed it. */
export function subjectOf(request: AdmissionRequest): Subject {
  const { definition, subresource } = request;
  if (subresource === 'scale' && definition.scale) {
    const { scale } = definition;
    return {
      kind: SCALE,
      definition,
      object: request.object && scaleObject(request.object, scale.specReplicas),
      old: request.old && scaleObject(request.old, scale.specReplicas),
    };
  }
  const object = request.object ?? request.connectOptions?.();
  return { kind: kindOf(definition, object ?? request.old), definition, object, old: request.old };
}

/** An object of another kind than the resource's is the body of a subresource. */
function kindOf(definition: ResourceDefinition, object: KubeObject | undefined): Kind {
  if (!object) return definition;
  const { group, version } = parseApiVersion(object.apiVersion);
  return { group, version, kind: object.kind };
}

function scaleObject(object: KubeObject, path: string): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const metadata = Object.fromEntries(
    Object.entries({ name, namespace, uid, resourceVersion, creationTimestamp }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const replicas = valueAt(object, path);
  return {
    kind: SCALE.kind,
    apiVersion: `${SCALE.group}/${SCALE.version}`,
    metadata,
    spec: typeof replicas === 'number' ? { replicas } : {},
    status: { replicas: object.status?.replicas ?? 0 },
  };
}

function valueAt(object: KubeObject, path: string): unknown {
  let value: unknown = object;
  for (const name of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[name];
  return value;
}

/** Writes the replicas that a webhook wants into the object that is scaled. */
export function setReplicas(object: KubeObject, path: string, replicas: unknown): void {
  const names = path.split('.');
  const last = names.pop() as string;
  let holder = object as Record<string, unknown>;
  for (const name of names) {
    holder[name] ??= {};
    holder = holder[name] as Record<string, unknown>;
  }
  holder[last] = replicas;
}

/** The namespace as upstream's attributes have it: that of a Namespace is its own name. */
export function namespaceOf({ definition, namespace, name }: AdmissionRequest): string {
  if (definition.namespaced) return namespace;
  return definition.group === '' && definition.resource === 'namespaces' ? name : '';
}

/** Other versions in which the same objects are served. */
export function equivalentsOf(
  resources: ResourceTable,
  definition: ResourceDefinition,
): ResourceDefinition[] {
  const { group, version, resource } = definition;
  const own = resources.get(group, version, resource);
  if (!own) return [];
  return [...resources.all()]
    .filter((served) => served !== own && served.collection === own.collection)
    .map((served) => served.definition);
}
