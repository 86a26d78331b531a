import { deepEqual } from '@sampan/base';
import type { KubeObject, ManagedFieldsEntry } from '../meta/object.ts';
import { capManagers } from './cap-managers.ts';
import { difference, isEmpty, setOf, union } from './field-set.ts';
import {
  decodeManagedFields,
  encodeManagedFields,
  ManagedFieldsError,
  type Managers,
  managerId,
} from './managed-fields.ts';
import { TypedError } from './typed-value.ts';
import { type Scope, trackUpdate } from './updater.ts';
import { zeroObject } from './zero-object.ts';

/** Fields that nobody owns. */
export const UNTRACKED = setOf(
  ['apiVersion'],
  ['kind'],
  ['metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['metadata', name]),
);

export interface Change extends Scope {
  /** The object before; undefined for a create. */
  readonly live: KubeObject | undefined;
  /** The object as it is to be stored. */
  readonly next: KubeObject;
  /** See `managerOrUserAgent`; empty is `unknown`. */
  readonly manager: string;
  /** RFC 3339 with seconds. */
  readonly time: string;
  /** `status`, `scale`, …; absent for the object itself. */
  readonly subresource?: string | undefined;
}

/**
 * The managedFields of an object that was created, updated or patched; undefined for none. The very array of
 * `live` when nothing changed hands.
 *
 * Upstream's rules: a request on the object itself may set managedFields (`[]` or `[{}]` resets them, what cannot
 * be read is ignored); objects without managedFields stay untracked until they are first applied; when the
 * object does not fit its type, managedFields are dropped.
 */
export function nextManagedFields(change: Change): ManagedFieldsEntry[] | undefined {
  const { live, next } = change;
  const before = managersBefore(live, next, change.subresource ?? '');
  if (before.size === 0 && live !== undefined) return undefined;
  try {
    const managers = trackChange(change, before);
    return encodeManagedFields(managers, live?.metadata.managedFields);
  } catch (error) {
    if (error instanceof TypedError) return undefined;
    throw error;
  }
}

/** `next` with its managedFields: a shallow copy, `next` is not written to. */
export function updateManagedFields(change: Change): KubeObject {
  return withManagedFields(change.next, nextManagedFields(change));
}

export function withManagedFields(
  object: KubeObject,
  managedFields: ManagedFieldsEntry[] | undefined,
): KubeObject {
  if (object.metadata.managedFields === managedFields) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: managedFields === undefined ? metadata : { ...metadata, managedFields } };
}

export function trackChange(change: Change, before: Managers): Managers {
  const { live, next, time, apiVersion, subresource = '' } = change;
  const from = live === undefined ? zeroObject(change.schema) : withManagedFields(live, undefined);
  const { managers, taken } = trackUpdate(change, from, withManagedFields(next, undefined), before);
  const tracked = difference(taken, UNTRACKED);
  if (!isEmpty(tracked)) {
    const claim = {
      manager: change.manager || 'unknown',
      operation: 'Update',
      apiVersion,
      subresource,
    } as const;
    const id = managerId(claim);
    const previous = managers.get(id);
    managers.set(id, {
      ...claim,
      time,
      set: previous === undefined ? tracked : union(tracked, previous.set),
    });
  }
  capManagers(managers);
  return managers;
}

function managersBefore(live: KubeObject | undefined, next: KubeObject, subresource: string): Managers {
  const stored = live?.metadata.managedFields;
  const given = next.metadata.managedFields;
  if (subresource !== '' || !Array.isArray(given) || given === stored) return readable(stored);
  if (isReset(given)) return new Map();
  const managers = readable(sharedWith(stored, given));
  return managers.size === 0 ? readable(stored) : managers;
}

function isReset(entries: readonly ManagedFieldsEntry[]): boolean {
  const [first] = entries;
  if (first === undefined) return true;
  return entries.length === 1 && Object.values(first ?? {}).every(isZero);
}

function isZero(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** The entries given, those that equal stored ones replaced by them, which are known and frozen. */
function sharedWith(
  stored: readonly ManagedFieldsEntry[] | undefined,
  given: readonly ManagedFieldsEntry[],
): readonly ManagedFieldsEntry[] {
  return given.map((entry, i) => {
    const twin = stored?.[i];
    return twin !== undefined && deepEqual(twin, entry) ? twin : entry;
  });
}

function readable(entries: readonly ManagedFieldsEntry[] | undefined): Managers {
  try {
    return decodeManagedFields(entries);
  } catch (error) {
    if (error instanceof ManagedFieldsError) return new Map();
    throw error;
  }
}

/** A field manager's name is at most this long. */
const MAX_NAME_BYTES = 128;

/** The manager of a request: its `fieldManager`, else what precedes the first slash of its User-Agent. */
export function managerOrUserAgent(fieldManager: string | undefined, userAgent: string | undefined): string {
  if (fieldManager !== undefined && fieldManager !== '') return fieldManager;
  let name = '';
  let bytes = 0;
  for (const char of (userAgent ?? '').split('/', 1)[0] ?? '') {
    if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(char)) continue;
    bytes += Buffer.byteLength(char);
    if (bytes > MAX_NAME_BYTES) break;
    name += char;
  }
  return name;
}
