import {
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  errors,
  type KubeObject,
  type StatusError,
} from '@sampan/api';
import { decodePatched, jsonPatchProblems, type ParsedValue, parseValue } from '../registry/codec.ts';
import { applyObject } from '../registry/field-manager.ts';
import type { RequestContext } from '../registry/request-context.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { type SubresourceRules, type Updated, update } from '../registry/update.ts';
import type { ApiContext } from './api-context.ts';
import { authorizeCreate } from './authorization.ts';
import { readBody } from './body.ts';
import type { Exchange } from './exchange.ts';
import { flag } from './list-options.ts';
import { sendObject, viewOf } from './render.ts';
import { writeContext } from './write-options.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';
const APPLY_PATCH = 'application/apply-patch+yaml';

/** How a subresource is patched: the patch is of its own view of the object. */
export interface PatchTarget {
  readonly subresource: string;
  readonly rules?: SubresourceRules;
}

/** PATCH of an object or of a subresource that writes the object (Kubernetes docs "Patches", KEP-555). */
export async function patchObject(
  api: ApiContext,
  exchange: Exchange,
  resource: ServedResource,
  target: PatchTarget = { subresource: '' },
): Promise<void> {
  const view = viewOf(exchange);
  const updated = await patch(api, exchange, resource, target);
  sendObject(exchange, view, resource, updated.created ? 201 : 200, updated, api.cluster.clock.now());
}

async function patch(
  api: ApiContext,
  exchange: Exchange,
  resource: ServedResource,
  target: PatchTarget,
): Promise<Updated> {
  const type = patchType(exchange, resource);
  const context = writeContext(exchange, 'PatchOptions');
  const bytes = await readBody(exchange);
  const { namespace, name } = exchange.info;
  const base = { namespace, name, ...target };
  if (type === APPLY_PATCH) {
    requireManager(exchange);
    const force = flag(exchange.query, 'force') ?? false;
    const next = applyObject(() => api.cluster.clock.now(), resource, bytes, { ...base, force }, context);
    return update(
      api.cluster,
      resource,
      {
        ...base,
        next,
        applied: true,
        patched: true,
        createIfMissing: target.subresource === '',
        mayCreate: () => authorizeCreate(api, exchange),
      },
      context,
    );
  }
  if (exchange.query.has('force')) throw forceForbidden();
  const parsed = parsePatch(type, bytes);
  const next = (old: KubeObject | undefined) => {
    if (!old) throw errors.notFound(resource.gr, name);
    return patched(resource, type, old, parsed, context);
  };
  return update(api.cluster, resource, { ...base, next, patched: true }, context);
}

function parsePatch(type: string, bytes: Uint8Array): ParsedValue {
  const parsed = parseValue(bytes, 'application/json');
  return type === JSON_PATCH ? { value: parsed.value, strict: jsonPatchProblems(parsed.value) } : parsed;
}

/** The patch applied to the object as the client sees it, decoded and defaulted again. */
function patched(
  resource: ServedResource,
  type: string,
  old: KubeObject,
  patch: ParsedValue,
  context: RequestContext,
): KubeObject {
  return decodePatched(resource, applyPatch(resource, type, old, patch.value), patch.strict, context);
}

function applyPatch(resource: ServedResource, type: string, old: KubeObject, value: unknown): unknown {
  if (type === JSON_PATCH) return applyJsonPatch(old, value);
  if (type === MERGE_PATCH) return applyMergePatch(old, value);
  return applyStrategicMergePatch(old, value, resource.definition.schema);
}

export function patchType(exchange: Exchange, resource: ServedResource): string {
  const type = (exchange.header('content-type').split(';', 1)[0] ?? '').trim().toLowerCase();
  const supported = resource.custom
    ? [JSON_PATCH, MERGE_PATCH, APPLY_PATCH]
    : [JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH];
  if (supported.includes(type)) return type;
  throw errors.unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${supported.join(', ')}`,
  );
}

export function requireManager(exchange: Exchange): void {
  if (exchange.query.get('fieldManager')) return;
  throw errors.invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
    { type: 'FieldValueRequired', field: 'fieldManager', detail: 'is required for apply patch' },
  ]);
}

function forceForbidden(): StatusError {
  return errors.invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
    { type: 'FieldValueForbidden', field: 'force', detail: 'may not be specified for non-apply patch' },
  ]);
}
