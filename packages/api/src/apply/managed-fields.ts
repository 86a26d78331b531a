import type { ManagedFieldsEntry } from '../meta/object.ts';
import { type FieldSet, isEmpty } from './field-set.ts';
import { decodeFieldsV1, rememberFieldsV1 } from './fields-v1.ts';
import { goJson } from './path-element.ts';

/** One manager's claim: which fields, by which operation, in which version. */
export interface Managed {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly set: FieldSet;
  /** RFC 3339 with seconds; of the last change. */
  readonly time: string | undefined;
  /** The entry this was read from, as long as nothing differs from it. */
  readonly source?: ManagedFieldsEntry | undefined;
}

/** Claims by identity (`managerId`). */
export type Managers = Map<string, Managed>;

/** `metadata.managedFields` that cannot be read; the message is upstream's. */
export class ManagedFieldsError extends Error {}

/**
 * What makes a claim the same one as before. An applier has one claim whatever version it applies; updates have
 * one for each version. Upstream sorts claims by this text, so it is upstream's.
 */
export function managerId(claim: Omit<Managed, 'set' | 'time' | 'source'>): string {
  const { manager, operation, apiVersion, subresource } = claim;
  let id = '{';
  if (manager !== '') id += `"manager":${goJson(manager)},`;
  id += `"operation":"${operation}"`;
  if (operation === 'Update') id += `,"apiVersion":${goJson(apiVersion)}`;
  if (subresource !== '') id += `,"subresource":${goJson(subresource)}`;
  return `${id}}`;
}

/** Reads `metadata.managedFields`. Throws `ManagedFieldsError`. */
export function decodeManagedFields(entries: readonly ManagedFieldsEntry[] | null | undefined): Managers {
  const managers: Managers = new Map();
  for (const [index, entry] of (entries ?? []).entries()) {
    const claim = decodeEntry(entry, index);
    managers.set(managerId(claim), claim);
  }
  return managers;
}

function decodeEntry(entry: ManagedFieldsEntry, index: number): Managed {
  const texts = entry === null ? [null] : [entry.manager, entry.apiVersion, entry.subresource, entry.time];
  if (texts.some((text) => text !== undefined && typeof text !== 'string')) {
    throw new ManagedFieldsError(`managed fields entry ${index} is malformed`);
  }
  const { operation, apiVersion = '', fieldsType = '' } = entry;
  if (operation !== 'Apply' && operation !== 'Update') {
    throw new ManagedFieldsError('operation must be `Apply` or `Update`');
  }
  if (apiVersion === '') throw new ManagedFieldsError('apiVersion must not be empty');
  if (fieldsType === ('' as string)) {
    throw new ManagedFieldsError(`missing fieldsType in managed fields entry ${index}`);
  }
  if (fieldsType !== 'FieldsV1') {
    throw new ManagedFieldsError(
      `invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`,
    );
  }
  let set: FieldSet;
  try {
    set = decodeFieldsV1(entry.fieldsV1);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new ManagedFieldsError(`error decoding versioned set: ${error.message}`);
    }
    throw error;
  }
  const { manager = '', subresource = '', time } = entry;
  const source = set === entry.fieldsV1 ? entry : undefined;
  return { manager, operation, apiVersion, subresource, set, time, source };
}

/**
 * Writes claims as `metadata.managedFields`, in upstream's order; undefined when there are none. Gives back
 * `previous` itself when nothing differs.
 */
export function encodeManagedFields(
  managers: Managers,
  previous?: readonly ManagedFieldsEntry[] | null,
): ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined;
  const claims = [...managers.values()];
  if (claims.length > 1) claims.sort(compareClaims);
  const entries = claims.map(encodeEntry);
  const same = previous?.length === entries.length && entries.every((entry, i) => entry === previous[i]);
  return same ? (previous as ManagedFieldsEntry[]) : entries;
}

function encodeEntry(claim: Managed): ManagedFieldsEntry {
  if (claim.source !== undefined) return claim.source;
  const { manager, operation, apiVersion, subresource, set, time } = claim;
  const entry: ManagedFieldsEntry = manager === '' ? {} : { manager };
  entry.operation = operation;
  entry.apiVersion = apiVersion;
  if (time !== undefined) entry.time = time;
  entry.fieldsType = 'FieldsV1';
  entry.fieldsV1 = set;
  rememberFieldsV1(set);
  if (subresource !== '') entry.subresource = subresource;
  return entry;
}

function compareClaims(a: Managed, b: Managed): number {
  return (
    compareText(a.operation, b.operation) ||
    seconds(a.time) - seconds(b.time) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Unix seconds; 0 when absent. */
export function seconds(time: string | undefined): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000) || 0;
}

/** The claim with another set; undefined when that is empty. */
export function withSet(claim: Managed, set: FieldSet): Managed | undefined {
  if (set === claim.set) return claim;
  return isEmpty(set) ? undefined : { ...claim, set, source: undefined };
}
