import { deepEqual } from '@sampan/base';
import type { StructType } from '../schema/type-schema.ts';
import { changed, compare } from './compare.ts';
import { type Conflict, ConflictError } from './conflict.ts';
import type { FieldFilter } from './field-filter.ts';
import { difference, EMPTY, type FieldSet, intersection, isEmpty, union } from './field-set.ts';
import { type Managed, type Managers, managerId, withSet } from './managed-fields.ts';
import { merge } from './merge.ts';
import { removeItems } from './remove-items.ts';
import { reconcileWithSchema, withNamedFields } from './schema-sets.ts';
import { toFieldSet } from './to-field-set.ts';

/**
 * How claims made in other versions of a kind are followed. Without it all versions are taken to have the same
 * fields, as those of a custom resource without conversion have.
 */
export interface Versions {
  /** The type in a version; undefined when that is no longer served: claims in it are dropped. */
  typeOf(apiVersion: string): StructType | undefined;
  /** The object in a version, itself when it is of that version; a pure function. */
  convert(object: object, apiVersion: string): object;
}

/** The type, version and filter under which a request changes an object. */
export interface Scope {
  readonly schema: StructType;
  readonly apiVersion: string;
  readonly filter?: FieldFilter | undefined;
  readonly versions?: Versions | undefined;
}

/** Fits stored claims to the types of today; claims in versions that are gone are left out. */
export function reconcile(managers: Managers, scope: Scope): Managers {
  const result: Managers = new Map();
  for (const [id, claim] of managers) {
    const type = typeOf(scope, claim.apiVersion);
    if (type === undefined) continue;
    const fitted = withSet(claim, reconcileWithSchema(claim.set, type));
    if (fitted !== undefined) result.set(id, fitted);
  }
  return result;
}

function typeOf(scope: Scope, apiVersion: string): StructType | undefined {
  if (apiVersion === scope.apiVersion || scope.versions === undefined) return scope.schema;
  return scope.versions.typeOf(apiVersion);
}

function convert(scope: Scope, object: object, apiVersion: string): object {
  if (apiVersion === scope.apiVersion || scope.versions === undefined) return object;
  return scope.versions.convert(object, apiVersion);
}

/** What changed, in one version: what was added or modified, and what was removed. */
interface Changes {
  readonly taken: FieldSet;
  readonly removed: FieldSet;
}

function changesIn(scope: Scope, apiVersion: string, live: object, next: object): Changes | undefined {
  const type = typeOf(scope, apiVersion);
  if (type === undefined) return undefined;
  const comparison = compare(convert(scope, live, apiVersion), convert(scope, next, apiVersion), type);
  const taken = changed(comparison);
  const { removed } = comparison;
  const { filter } = scope;
  return filter === undefined ? { taken, removed } : { taken: filter(taken), removed: filter(removed) };
}

/**
 * Takes from all managers but `self` what changed from `live` to `next`. Without `force`, fields that others
 * own and `next` changes are conflicts (`ConflictError`). Writes to `managers`; returns what was taken.
 */
function takeOver(
  scope: Scope,
  live: object,
  next: object,
  managers: Managers,
  self: string | undefined,
  force: boolean,
): FieldSet {
  const versions = new Map<string, Changes | undefined>();
  const inVersion = (apiVersion: string): Changes | undefined => {
    const key = scope.versions === undefined ? scope.apiVersion : apiVersion;
    if (!versions.has(key)) versions.set(key, changesIn(scope, key, live, next));
    return versions.get(key);
  };
  const conflicts: Conflict[] = [];
  const changes: [string, Managed | undefined][] = [];
  for (const [id, claim] of managers) {
    if (id === self) continue;
    const change = inVersion(claim.apiVersion);
    const lost = change === undefined ? EMPTY : intersection(claim.set, change.taken);
    if (!isEmpty(lost)) conflicts.push({ manager: id, claim, fields: lost });
    const kept = change && withSet(claim, difference(difference(claim.set, lost), change.removed));
    if (kept !== claim) changes.push([id, kept]);
  }
  if (!force && conflicts.length > 0) throw new ConflictError(conflicts);
  for (const [id, kept] of changes) {
    if (kept === undefined) managers.delete(id);
    else managers.set(id, kept);
  }
  return (inVersion(scope.apiVersion) as Changes).taken;
}

/**
 * Follows a change made by create, update or patch: the fields that it added or modified leave their managers.
 * Returns the managers that remain and those fields (structured-merge-diff's Updater.Update).
 */
export function trackUpdate(
  scope: Scope,
  live: object,
  next: object,
  before: Managers,
): { managers: Managers; taken: FieldSet } {
  const managers = reconcile(before, scope);
  const taken = takeOver(scope, live, next, managers, undefined, true);
  return { managers, taken };
}

/**
 * Merges an applied configuration into the live object, removes what the manager applied before and no longer
 * does, and moves ownership (structured-merge-diff's Updater.Apply). `object` is `live` itself when nothing
 * changed. Throws `ConflictError` unless forced.
 */
export function applyConfiguration(
  scope: Scope,
  live: object,
  config: object,
  before: Managers,
  applier: Omit<Managed, 'set' | 'time' | 'source'>,
  force: boolean,
): { object: object; managers: Managers } {
  const id = managerId(applier);
  const managers = reconcile(before, scope);
  const last = managers.get(id);
  const applied = toFieldSet(config, scope.schema);
  const set = scope.filter === undefined ? applied : scope.filter(applied);
  const claim: Managed = { ...applier, set, time: last?.time };
  managers.set(id, claim);
  const merged = merge(live, config, scope.schema) as object;
  const next = last === undefined ? merged : prune(scope, merged, managers, last);
  takeOver(scope, live, next, managers, id, force);
  if (isEmpty(set)) managers.delete(id);
  return { object: deepEqual(live, next) ? live : next, managers };
}

/** Removes what the last configuration had and neither the new one nor any other manager has. */
function prune(scope: Scope, merged: object, managers: Managers, last: Managed): object {
  const type = typeOf(scope, last.apiVersion);
  if (type === undefined || isEmpty(last.set)) return merged;
  const converted = convert(scope, merged, last.apiVersion);
  const lastSet = withNamedFields(last.set, type);
  let pruned = (removeItems(converted, lastSet, type) ?? {}) as object;
  pruned = addBackOwned(scope, converted, pruned, managers, last.apiVersion);
  pruned = addBackDangling(type, converted, convertFrom(scope, pruned, last.apiVersion), lastSet);
  return last.apiVersion === scope.apiVersion ? pruned : convertFrom(scope, pruned, scope.apiVersion);
}

function convertFrom(scope: Scope, object: object, apiVersion: string): object {
  return scope.versions === undefined ? object : scope.versions.convert(object, apiVersion);
}

/** Puts back what another manager, or the new configuration, owns. */
function addBackOwned(
  scope: Scope,
  merged: object,
  pruned: object,
  managers: Managers,
  first: string,
): object {
  const owned = new Map<string, FieldSet>([[scope.versions === undefined ? scope.apiVersion : first, EMPTY]]);
  for (const claim of managers.values()) {
    const version = scope.versions === undefined ? scope.apiVersion : claim.apiVersion;
    owned.set(version, union(owned.get(version) ?? EMPTY, claim.set));
  }
  let result = pruned;
  for (const [version, set] of owned) {
    const type = typeOf(scope, version);
    if (type === undefined) continue;
    const all = convertFrom(scope, merged, version);
    const named = (value: object): FieldSet => withNamedFields(toFieldSet(value, type), type);
    const kept = union(named(convertFrom(scope, result, version)), withNamedFields(set, type));
    result = (removeItems(all, difference(named(all), kept), type) ?? {}) as object;
  }
  return result;
}

/** Puts back what the manager did not own before: fields of nobody stay. */
function addBackDangling(type: StructType, merged: object, pruned: object, lastSet: FieldSet): object {
  const named = (value: object): FieldSet => withNamedFields(toFieldSet(value, type), type);
  const gone = intersection(difference(named(merged), named(pruned)), lastSet);
  return (removeItems(merged, gone, type) ?? {}) as object;
}
