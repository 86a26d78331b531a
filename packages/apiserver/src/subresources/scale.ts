import {
  apply,
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  compileLabelSelector,
  customScaleColumns,
  errors,
  type KubeObject,
  type LabelSelector,
  type ManagedFieldsEntry,
  matcherOfLabels,
  nextManagedFields,
  parentManagedFields,
  type StatusError,
  scaleColumns,
  scaleManagedFields,
  schemaOf,
} from '@sampan/api';
import { deepClone, isObject, type JsonObject } from '@sampan/base';
import type { ApiContext } from '../http/api-context.ts';
import { readBody } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { methodNotAllowed } from '../http/handler.ts';
import { flag } from '../http/list-options.ts';
import { patchType, requireManager } from '../http/patch-handler.ts';
import { sendValue, transform, viewOf } from '../http/render.ts';
import { writeContext } from '../http/write-options.ts';
import type { Cluster } from '../registry/cluster.ts';
import { parseValue } from '../registry/codec.ts';
import { checkPlace, formatTime } from '../registry/metadata.ts';
import type { RequestContext } from '../registry/request-context.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { update } from '../registry/update.ts';

export interface Scale {
  readonly kind: 'Scale';
  readonly apiVersion: 'autoscaling/v1';
  readonly metadata: JsonObject;
  readonly spec: { readonly replicas?: number };
  readonly status: { readonly replicas: number; readonly selector?: string };
  readonly [field: string]: unknown;
}

/** The scale subresource (autoscaling/v1 Scale): the number of replicas, whatever the kind calls it. */
export async function serveScale(
  api: ApiContext,
  exchange: Exchange,
  resource: ServedResource,
): Promise<void> {
  const { namespace, name, verb } = exchange.info;
  const view = viewOf(exchange);
  const send = (scale: Scale): void => {
    const shown = transform(
      { columns: resource.custom ? customScaleColumns : scaleColumns },
      view,
      scale as unknown as KubeObject,
      api.cluster.clock.now(),
    );
    sendValue(exchange, view, 200, shown);
  };
  if (verb === 'get') return send(await readScale(api.cluster, resource, namespace, name));
  if (verb !== 'update' && verb !== 'patch') throw methodNotAllowed();
  const context = writeContext(exchange, verb === 'update' ? 'UpdateOptions' : 'PatchOptions');
  const change =
    verb === 'update' ? await replacement(exchange) : await patching(api, exchange, resource, context);
  const target = { namespace, name, change, patches: verb === 'patch' };
  return send(await writeScale(api.cluster, resource, target, context));
}

/** The scale of an object; throws `NotFound`, and `BadRequest` for a custom one without replicas. */
export async function readScale(
  cluster: Cluster,
  resource: ServedResource,
  namespace: string,
  name: string,
): Promise<Scale> {
  const entry = cluster.store.get(resource.key(namespace, name));
  if (!entry) throw errors.notFound(resource.gr, name);
  await resource.prepare([entry]);
  const object = resource.objectOf(entry);
  if (resource.custom && !hasReplicas(resource, object)) throw noReplicas(resource, 'does not exist');
  return scaleOf(resource, object);
}

interface ScaleChange {
  readonly namespace: string;
  readonly name: string;
  /** From the present scale to the wanted one, which is checked. */
  change(scale: Scale): unknown;
  /** Made by a patch: replicas that are not said may stay away. */
  readonly patches: boolean;
}

/** Writes the replicas of an object through its scale; resolves with the new scale. */
export async function writeScale(
  cluster: Cluster,
  resource: ServedResource,
  { namespace, name, change, patches }: ScaleChange,
  context: RequestContext,
): Promise<Scale> {
  const next = (old: KubeObject | undefined) => {
    if (!old) throw errors.notFound(resource.gr, name);
    const live = ownedScaleOf(resource, old);
    const wanted = change(live);
    const object = scaled(resource, old, name, wanted, patches);
    const managedFields = fieldsAfter(resource, old, live, wanted, context, cluster.clock.now());
    if (managedFields === undefined) delete object.metadata.managedFields;
    else object.metadata.managedFields = managedFields;
    return object;
  };
  const updated = await update(
    cluster,
    resource,
    {
      namespace,
      name,
      subresource: 'scale',
      next,
      applied: true,
      rules: { validateUpdate: ownRules(resource) },
    },
    context,
  );
  return scaleOf(resource, updated.object);
}

const SCALE_SCHEMA = 'io.k8s.api.autoscaling.v1.Scale';
const SCALE_VERSION = 'autoscaling/v1';

/** The parent's managedFields once somebody has set the replicas; an apply has set those of the scale itself. */
function fieldsAfter(
  resource: ServedResource,
  old: KubeObject,
  live: Scale,
  wanted: unknown,
  context: RequestContext,
  now: number,
): ManagedFieldsEntry[] | undefined {
  const path = steps(pathsOf(resource).specReplicas);
  const next = wanted as KubeObject;
  const applied = isApplied(next);
  const fields = applied
    ? next.metadata.managedFields
    : nextManagedFields({
        live: live as unknown as KubeObject,
        next,
        manager: context.fieldManager,
        time: formatTime(now),
        schema: schemaOf(SCALE_SCHEMA),
        apiVersion: SCALE_VERSION,
        subresource: 'scale',
      });
  return parentManagedFields(old.metadata.managedFields, fields, path, resource.apiVersion);
}

const appliedScales = new WeakSet<object>();
const isApplied = (scale: object) => appliedScales.has(scale);

/** The object is checked as at any update of it; `status` stays as it is. */
function ownRules(resource: ServedResource) {
  const { rules } = resource.definition;
  return (object: KubeObject, old: KubeObject, context: { now: number }) =>
    rules.validateUpdate?.(object, old, context) ?? rules.validate?.(object, context) ?? [];
}

async function replacement(exchange: Exchange): Promise<() => unknown> {
  const { value } = parseValue(await readBody(exchange), exchange.header('content-type'));
  return () => value;
}

async function patching(
  api: ApiContext,
  exchange: Exchange,
  resource: ServedResource,
  context: RequestContext,
): Promise<(scale: Scale) => unknown> {
  const type = patchType(exchange, resource);
  const applies = type === 'application/apply-patch+yaml';
  const { value } = parseValue(await readBody(exchange), applies ? 'application/yaml' : 'application/json');
  if (type === 'application/json-patch+json') return (scale) => applyJsonPatch(scale, value);
  if (type === 'application/strategic-merge-patch+json') {
    return (scale) => applyStrategicMergePatch(scale, value, schemaOf(SCALE_SCHEMA));
  }
  if (type === 'application/merge-patch+json') return (scale) => applyMergePatch(scale, value);
  requireManager(exchange);
  const force = flag(exchange.query, 'force') ?? false;
  return (scale) => {
    const result = apply({
      live: scale as unknown as KubeObject,
      applied: value,
      kind: 'Scale',
      apiVersion: SCALE_VERSION,
      schema: schemaOf(SCALE_SCHEMA),
      manager: context.fieldManager,
      force,
      time: formatTime(api.cluster.clock.now()),
      subresource: 'scale',
    });
    appliedScales.add(result);
    return result;
  };
}

function scaled(
  resource: ServedResource,
  old: KubeObject,
  name: string,
  value: unknown,
  patches: boolean,
): KubeObject {
  if (!isObject(value)) throw errors.badRequest('the body must be a Scale');
  const { kind, metadata, spec } = value;
  if (kind !== undefined && kind !== 'Scale') {
    throw errors.badRequest(`wrong object passed to Scale update: ${String(kind)}`);
  }
  checkPlace(resource, { ...(isObject(metadata) ? metadata : {}) }, old.metadata.namespace ?? '', name);
  const given = isObject(spec) ? spec.replicas : undefined;
  if (given === undefined && patches && resource.custom && !hasReplicas(resource, old))
    throw noReplicas(resource, 'cannot be empty');
  const wanted = given ?? 0;
  if (typeof wanted !== 'number' || !Number.isInteger(wanted) || wanted < -(2 ** 31) || wanted >= 2 ** 31) {
    throw errors.badRequest('Scale.spec.replicas must be an integer');
  }
  if (wanted < 0 && resource.custom) {
    throw errors.invalid(resource.gk, name, [
      {
        type: 'FieldValueInvalid',
        field: `.${pathsOf(resource).specReplicas.replace(/^\./, '')}`,
        value: wanted,
        detail: 'should be a non-negative integer',
      },
    ]);
  }
  if (wanted < 0) {
    throw errors.invalid({ group: 'autoscaling', kind: 'Scale' }, name, [
      {
        type: 'FieldValueInvalid',
        field: 'spec.replicas',
        value: wanted,
        detail: 'must be greater than or equal to 0',
      },
    ]);
  }
  const object = deepClone(old);
  const version = isObject(metadata) ? metadata.resourceVersion : undefined;
  if (typeof version === 'string' && version !== '') object.metadata.resourceVersion = version;
  const uid = isObject(metadata) ? metadata.uid : undefined;
  if (typeof uid === 'string' && uid !== '') object.metadata.uid = uid;
  writePath(object, pathsOf(resource).specReplicas, wanted);
  return object;
}

/** With the managers of the replicas, which answers do not show. */
function ownedScaleOf(resource: ServedResource, object: KubeObject): Scale {
  const scale = scaleOf(resource, object);
  const path = steps(pathsOf(resource).specReplicas);
  const managedFields = scaleManagedFields(object.metadata.managedFields, path);
  if (managedFields === undefined) return scale;
  return { ...scale, metadata: { ...scale.metadata, managedFields } as unknown as JsonObject };
}

function scaleOf(resource: ServedResource, object: KubeObject): Scale {
  const paths = pathsOf(resource);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = numberAt(object, paths.specReplicas);
  const selector = selectorOf(resource, object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as JsonObject,
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: numberAt(object, paths.statusReplicas), ...(selector === '' ? {} : { selector }) },
  };
}

/** The selector as text: custom resources keep it so, built-in kinds have a LabelSelector or a map. */
function selectorOf(resource: ServedResource, object: KubeObject): string {
  const path = resource.definition.scale?.selector;
  if (path === undefined) return '';
  const value = readPath(object, path);
  if (typeof value === 'string') return value;
  if (!isObject(value)) return '';
  const structured = Object.hasOwn(value, 'matchLabels') || Object.hasOwn(value, 'matchExpressions');
  return structured
    ? compileLabelSelector(value as LabelSelector).toString()
    : matcherOfLabels(value as Record<string, string>).toString();
}

function numberAt(object: KubeObject, path: string | undefined): number {
  const value = path === undefined ? undefined : readPath(object, path);
  return typeof value === 'number' ? value : 0;
}

/** A custom object may have no replicas; then it has no scale until they are set. */
const hasReplicas = (resource: ServedResource, object: KubeObject) =>
  typeof readPath(object, pathsOf(resource).specReplicas) === 'number';

/** Upstream answers a GET with 500 here; it is the object that lacks the field. */
function noReplicas(resource: ServedResource, what: string): StatusError {
  const field = `.${pathsOf(resource).specReplicas.replace(/^\./, '')}`;
  return errors.badRequest(`the spec replicas field ${JSON.stringify(field)} ${what}`);
}

function pathsOf(resource: ServedResource): NonNullable<ServedResource['definition']['scale']> {
  return resource.definition.scale ?? { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas' };
}

const steps = (path: string) => path.split('.').filter((step) => step !== '');

function readPath(object: unknown, path: string): unknown {
  let value = object;
  for (const step of steps(path))
    value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  return value;
}

function writePath(object: JsonObject | KubeObject, path: string, value: number): void {
  const [last, ...rest] = steps(path).reverse();
  let at = object as JsonObject;
  for (const step of rest.reverse()) {
    if (!isObject(at[step])) at[step] = {};
    at = at[step] as JsonObject;
  }
  if (last !== undefined) at[last] = value;
}
