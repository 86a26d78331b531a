import {
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  compileLabelSelector,
  errors,
  type KubeObject,
  type LabelSelector,
  matcherOfLabels,
  schemaOf,
} from '@sampan/api';
import { deepClone, isObject, type JsonObject } from '@sampan/base';
import type { ApiContext } from '../http/api-context.ts';
import { readBody } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { methodNotAllowed } from '../http/handler.ts';
import { patchType } from '../http/patch-handler.ts';
import { sendValue, viewOf } from '../http/render.ts';
import { writeContext } from '../http/write-options.ts';
import { parseValue } from '../registry/codec.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { update } from '../registry/update.ts';

interface Scale {
  readonly kind: 'Scale';
  readonly apiVersion: 'autoscaling/v1';
  readonly metadata: JsonObject;
  readonly spec: { readonly replicas?: number };
  readonly status: { readonly replicas: number; readonly selector?: string };
}

/** The scale subresource (autoscaling/v1 Scale): the number of replicas, whatever the kind calls it. */
export async function serveScale(
  api: ApiContext,
  exchange: Exchange,
  resource: ServedResource,
): Promise<void> {
  const { namespace, name, verb } = exchange.info;
  const view = viewOf(exchange);
  if (verb === 'get') {
    const entry = api.cluster.store.get(resource.key(namespace, name));
    if (!entry) throw errors.notFound(resource.gr, name);
    return sendValue(exchange, view, 200, scaleOf(resource, entry.object<KubeObject>()));
  }
  if (verb !== 'update' && verb !== 'patch') throw methodNotAllowed();
  const context = writeContext(exchange, verb === 'update' ? 'UpdateOptions' : 'PatchOptions');
  const change = verb === 'update' ? await replacement(exchange) : await patching(exchange, resource);
  const next = (old: KubeObject | undefined) => {
    if (!old) throw errors.notFound(resource.gr, name);
    return scaled(resource, old, name, change(scaleOf(resource, old)));
  };
  const updated = await update(
    api.cluster,
    resource,
    { namespace, name, subresource: 'scale', next, rules: { validateUpdate: ownRules(resource) } },
    context,
  );
  return sendValue(exchange, view, 200, scaleOf(resource, updated.object));
}

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

async function patching(exchange: Exchange, resource: ServedResource): Promise<(scale: Scale) => unknown> {
  const type = patchType(exchange, resource);
  const { value } = parseValue(await readBody(exchange), 'application/json');
  if (type === 'application/json-patch+json') return (scale) => applyJsonPatch(scale, value);
  if (type === 'application/strategic-merge-patch+json') {
    return (scale) => applyStrategicMergePatch(scale, value, schemaOf('io.k8s.api.autoscaling.v1.Scale'));
  }
  if (type === 'application/merge-patch+json') return (scale) => applyMergePatch(scale, value);
  return (scale) => ({ ...scale, ...(isObject(value) ? { spec: value.spec } : {}) });
}

function scaled(resource: ServedResource, old: KubeObject, name: string, value: unknown): KubeObject {
  if (!isObject(value)) throw errors.badRequest('the body must be a Scale');
  const { kind, metadata, spec } = value;
  if (kind !== undefined && kind !== 'Scale') {
    throw errors.badRequest(`wrong object passed to Scale update: ${String(kind)}`);
  }
  const wanted = isObject(spec) ? (spec.replicas ?? 0) : 0;
  if (typeof wanted !== 'number' || !Number.isInteger(wanted) || wanted < -(2 ** 31) || wanted >= 2 ** 31) {
    throw errors.badRequest('Scale.spec.replicas must be an integer');
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
  writePath(object, resource.definition.scale?.specReplicas ?? '.spec.replicas', wanted);
  return object;
}

function scaleOf(resource: ServedResource, object: KubeObject): Scale {
  const paths = resource.definition.scale;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = numberAt(object, paths?.specReplicas);
  const selector = selectorOf(resource, object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as JsonObject,
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: numberAt(object, paths?.statusReplicas), ...(selector === '' ? {} : { selector }) },
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
