import {
  apply,
  BodySyntaxError,
  bodyFormat,
  errors,
  excludingFields,
  type FieldFilter,
  type KubeObject,
  keepTimesOfNoChange,
  nextManagedFields,
  parseBody,
  StatusError,
} from '@sampan/api';
import { deepClone, isObject } from '@sampan/base';
import { decodeApplied } from './codec.ts';
import { formatTime } from './metadata.ts';
import type { RequestContext } from './request-context.ts';
import type { ServedResource } from './served-resource.ts';

/** Records in `managedFields` that the manager set what it created. Changes the object. */
export function trackCreate(
  resource: ServedResource,
  object: KubeObject,
  context: RequestContext,
  now: number,
): void {
  setManagedFields(resource, undefined, object, '', context, now);
}

/** Records who owns what after an update or patch. Changes the object. */
export function trackUpdate(
  resource: ServedResource,
  old: KubeObject,
  object: KubeObject,
  subresource: string,
  context: RequestContext,
  now: number,
): void {
  setManagedFields(resource, old, object, subresource, context, now);
}

/** Undoes new times in managedFields when nothing else has changed. */
export function keepTimes(old: KubeObject, object: KubeObject): void {
  const kept = keepTimesOfNoChange(old, object).metadata.managedFields;
  if (kept === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = kept;
}

function setManagedFields(
  resource: ServedResource,
  old: KubeObject | undefined,
  object: KubeObject,
  subresource: string,
  context: RequestContext,
  now: number,
): void {
  const fields = nextManagedFields({
    live: old,
    next: object,
    manager: context.fieldManager,
    time: formatTime(now),
    schema: resource.definition.schema,
    apiVersion: resource.apiVersion,
    filter: filterOf(resource, subresource),
    ...(subresource === '' ? {} : { subresource }),
  });
  if (fields === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = fields;
}

const withoutStatus = excludingFields(['status']);
const withoutSpec = excludingFields(['spec']);
const withoutBoth = excludingFields(['spec'], ['metadata']);

/** The fields that an endpoint resets are nobody's through it (KEP-555, strategies' GetResetFields). */
function filterOf(resource: ServedResource, subresource: string): FieldFilter | undefined {
  if (!resource.definition.rules.status) return undefined;
  if (subresource === '') return withoutStatus;
  if (subresource !== 'status') return undefined;
  return resource.custom ? withoutBoth : withoutSpec;
}

export interface ApplyOptions {
  readonly force: boolean;
  readonly subresource: string;
  readonly name: string;
}

/** Server-side apply of a configuration (YAML or JSON): the `next` of an update plan. */
export function applyObject(
  now: () => number,
  resource: ServedResource,
  bytes: Uint8Array,
  options: ApplyOptions,
  context: RequestContext,
): (old: KubeObject | undefined) => KubeObject {
  const { value, strict } = parseConfiguration(bytes);
  checkName(value, options.name);
  return (old) => {
    const result = apply({
      live: old,
      applied: value,
      kind: resource.definition.kind,
      apiVersion: resource.apiVersion,
      schema: resource.definition.schema,
      filter: filterOf(resource, options.subresource),
      manager: context.fieldManager,
      force: options.force,
      time: formatTime(now()),
      ...(options.subresource === '' ? {} : { subresource: options.subresource }),
    });
    if (strict.length > 0 && context.fieldValidation === 'Strict') {
      throw errors.badRequest(`error strict decoding YAML: ${strict.join(', ')}`);
    }
    if (context.fieldValidation === 'Warn') for (const text of strict) context.warn(text);
    // what is not changed is not defaulted anew: it would be a change
    if (old && isUnchanged(old, result)) return deepClone(result);
    return decodeApplied(resource, deepClone(result), context);
  };
}

/** Is all but managedFields the very object that was applied to? */
function isUnchanged(old: KubeObject, result: KubeObject): boolean {
  return (
    result === old ||
    (sameMembers(old, result, 'metadata') && sameMembers(old.metadata, result.metadata, 'managedFields'))
  );
}

/** Have the two the very same members, but for one? */
function sameMembers(a: object, b: object, except: string): boolean {
  const count = (object: object) => Object.keys(object).length - (Object.hasOwn(object, except) ? 1 : 0);
  const others = a as Readonly<Record<string, unknown>>;
  return (
    count(a) === count(b) &&
    Object.entries(b).every(([key, value]) => key === except || value === others[key])
  );
}

/** An apply must be for the object in the path (apiserver endpoints/handlers/patch.go). */
function checkName(value: unknown, name: string): void {
  if (!isObject(value) || !isObject(value.metadata)) return;
  const given = value.metadata.name;
  if (given === undefined || given === '' || given === name) return;
  throw errors.badRequest(
    `the name of the object (${String(given)}) does not match the name on the URL (${name})`,
  );
}

function parseConfiguration(bytes: Uint8Array): { value: unknown; strict: readonly string[] } {
  try {
    const { value, yamlErrors } = parseBody(bytes, bodyFormat('application/yaml'));
    return { value, strict: yamlErrors ?? [] };
  } catch (error) {
    if (error instanceof StatusError) throw error;
    if (!(error instanceof BodySyntaxError)) throw error;
    throw errors.badRequest(`error decoding YAML: ${error.message}`);
  }
}
