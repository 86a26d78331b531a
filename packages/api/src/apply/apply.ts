import type { KubeObject } from '../meta/object.ts';
import { parseApiVersion } from '../meta/object.ts';
import { errors, StatusError } from '../meta/status.ts';
import { goJsonKind } from '../patch/patch-error.ts';
import { ConflictError } from './conflict.ts';
import { difference, equalSets, isEmpty } from './field-set.ts';
import { fieldsOfLastApplied, withLastApplied } from './last-applied.ts';
import {
  decodeManagedFields,
  encodeManagedFields,
  type Managed,
  ManagedFieldsError,
  type Managers,
  managerId,
} from './managed-fields.ts';
import { asMap, TypedError } from './typed-value.ts';
import { trackChange, UNTRACKED, withManagedFields } from './update-managed-fields.ts';
import { applyConfiguration, type Scope } from './updater.ts';
import { validateTyped } from './validate-typed.ts';

export interface ApplyRequest extends Scope {
  readonly kind: string;
  /** The stored object; undefined when the apply creates it. */
  readonly live: KubeObject | undefined;
  /** The configuration as decoded from the request: any JSON. */
  readonly applied: unknown;
  /** `fieldManager` of the request; required by its validation. */
  readonly manager: string;
  readonly force?: boolean | undefined;
  /** RFC 3339 with seconds. */
  readonly time: string;
  readonly subresource?: string | undefined;
}

/** The manager whose applies follow on from client-side ones. */
const KUBECTL = 'kubectl';
const BEFORE_FIRST_APPLY = 'before-first-apply';

/**
 * Server-side apply (KEP-555): merges the configuration into the live object, removes what this manager applied
 * before and no longer does, and records who owns what. The result still wants defaults and validation. It is
 * `live` itself when the request changes nothing, not even ownership.
 *
 * Throws `StatusError`: 409 with a cause for each conflict, 400 for a configuration that does not fit the type
 * (upstream answers some of these with 500 and the same message), has managedFields, or is of another kind.
 */
export function apply(request: ApplyRequest): KubeObject {
  const applied = checkConfiguration(request);
  const live = request.live ?? { apiVersion: request.apiVersion, kind: request.kind, metadata: {} };
  const before = managersBefore(request, live);
  let result = run(request, live, applied, before);
  if (request.manager === KUBECTL) result = withLastApplied(result, applied);
  return result;
}

function run(request: ApplyRequest, live: KubeObject, applied: KubeObject, before: Managers): KubeObject {
  const { force = false } = request;
  try {
    return mergeInto(request, live, applied, before, force);
  } catch (error) {
    if (error instanceof TypedError) throw doesNotFit(`failed to merge config: ${error.message}`);
    if (!(error instanceof ConflictError)) throw error;
    const remaining = conflictsBeyondLastApplied(request, live, error);
    if (remaining !== undefined) throw remaining.toStatusError();
    return mergeInto(request, live, applied, before, true);
  }
}

function mergeInto(
  request: ApplyRequest,
  live: KubeObject,
  applied: KubeObject,
  before: Managers,
  force: boolean,
): KubeObject {
  const { manager, apiVersion, subresource = '' } = request;
  const applier = { manager, operation: 'Apply', apiVersion, subresource } as const;
  const bare = withManagedFields(live, undefined);
  // the empty object of a create has no metadata that the configuration does not give it
  const from = request.live === undefined ? { apiVersion, kind: request.kind } : bare;
  const { object, managers } = applyConfiguration(request, from, applied, before, applier, force);
  const id = managerId(applier);
  own(managers, id, before.get(id), object === from ? undefined : request.time);
  const entries = encodeManagedFields(managers, live.metadata.managedFields);
  const next = object === bare ? live : (object as KubeObject);
  return withManagedFields(next, entries);
}

/**
 * Leaves out what nobody owns from the applier's fields, and sets the time if the object changed. A claim that
 * is as it was stored stays that very one.
 */
function own(managers: Managers, id: string, stored: Managed | undefined, time: string | undefined): void {
  const claim = managers.get(id);
  if (claim === undefined) return;
  const set = difference(claim.set, UNTRACKED);
  if (isEmpty(set)) {
    managers.delete(id);
    return;
  }
  const next = { ...claim, set, time: time ?? claim.time };
  const same =
    stored !== undefined &&
    stored.time === next.time &&
    stored.apiVersion === next.apiVersion &&
    equalSets(stored.set, set);
  managers.set(id, same ? stored : next);
}

/** Objects that were never tracked: all they have is taken as set before the first apply. */
function managersBefore(request: ApplyRequest, live: KubeObject): Managers {
  let before: Managers;
  try {
    before = decodeManagedFields(live.metadata.managedFields);
  } catch (error) {
    if (!(error instanceof ManagedFieldsError)) throw error;
    throw new StatusError('', `failed to decode managed fields: ${error.message}`);
  }
  if (before.size > 0 || request.live === undefined) return before;
  const { schema, apiVersion, filter, versions, time, subresource } = request;
  const next = live;
  const change = {
    live: undefined,
    next,
    manager: BEFORE_FIRST_APPLY,
    schema,
    apiVersion,
    filter,
    versions,
    time,
    subresource,
  };
  return trackChange(change, before);
}

/** The conflicts that client-side apply does not explain; undefined when there are none and `kubectl` applies. */
function conflictsBeyondLastApplied(
  request: ApplyRequest,
  live: KubeObject,
  error: ConflictError,
): ConflictError | undefined {
  if (request.manager !== KUBECTL) return error;
  const allowed = fieldsOfLastApplied(live, request.schema, request.apiVersion);
  return allowed === undefined ? error : error.without(allowed);
}

function checkConfiguration({ applied, apiVersion, kind, schema }: ApplyRequest): KubeObject {
  const config = asMap(applied ?? {});
  if (config === undefined) {
    throw errors.badRequest(
      `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${goJsonKind(applied)} into Go value of type map[string]interface {}`,
    );
  }
  if (config.apiVersion !== apiVersion || config.kind !== kind) {
    throw errors.badRequest(`invalid object type: ${kindText(config.apiVersion, config.kind)}`);
  }
  const metadata = asMap(config.metadata);
  if (metadata?.managedFields !== undefined && metadata.managedFields !== null) {
    throw errors.badRequest('metadata.managedFields must be nil');
  }
  const violation = validateTyped(config, schema);
  if (violation !== undefined) {
    const at = `${text(metadata?.namespace)}/${text(metadata?.name)}; ${kindText(apiVersion, kind)}`;
    throw doesNotFit(`failed to create typed patch object (${at}): ${violation}`);
  }
  return (metadata === undefined ? { ...config, metadata: {} } : config) as KubeObject;
}

/** Upstream lets these errors through as 500s; they are the client's, so here they are 400s with its message. */
function doesNotFit(message: string): StatusError {
  return errors.badRequest(message);
}

/** schema.GroupVersionKind's String(). */
function kindText(apiVersion: unknown, kind: unknown): string {
  const { group, version } = parseApiVersion(text(apiVersion));
  return `${group}/${version}, Kind=${text(kind)}`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
