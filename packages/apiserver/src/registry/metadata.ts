import { randomInt, randomUUID } from 'node:crypto';
import { errors, type KubeObject, type ObjectMeta } from '@sampan/api';
import type { ServedResource } from './served-resource.ts';

/** Letters of generated names: no vowels and no look-alikes (apimachinery pkg/util/rand). */
const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const LONGEST_BASE = 63 - SUFFIX_LENGTH;

export function generateName(base: string): string {
  let name = base.slice(0, LONGEST_BASE);
  for (let i = 0; i < SUFFIX_LENGTH; i++) name += NAME_ALPHABET[randomInt(NAME_ALPHABET.length)];
  return name;
}

let lastSecond = Number.NaN;
let lastText = '';

/** metav1.Time: RFC 3339 in UTC with second precision. Most calls are for the second of the call before. */
export function formatTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== lastSecond) {
    lastText = `${new Date(ms).toISOString().slice(0, 19)}Z`;
    lastSecond = second;
  }
  return lastText;
}

/**
 * A new object is in the namespace of the path; a different one in the body is refused
 * (apiserver pkg/registry/rest EnsureObjectNamespaceMatchesRequestNamespace).
 */
export function placeNew(resource: ServedResource, meta: ObjectMeta, namespace: string): void {
  if (!resource.definition.namespaced) {
    delete meta.namespace;
  } else if (meta.namespace === undefined || meta.namespace === '') {
    meta.namespace = namespace;
  } else if (meta.namespace !== namespace) {
    throw errors.badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
}

/** A changed object is the one in the path (apiserver pkg/endpoints/handlers/rest.go checkName). */
export function checkPlace(
  resource: ServedResource,
  meta: ObjectMeta,
  namespace: string,
  name: string,
): void {
  const { namespaced } = resource.definition;
  if (meta.name === undefined || meta.name === '') {
    throw errors.badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (meta.name !== name) {
    throw errors.badRequest(
      `the name of the object (${meta.name}) does not match the name on the URL (${name})`,
    );
  }
  if (!namespaced) {
    delete meta.namespace;
  } else if (meta.namespace === undefined || meta.namespace === '') {
    meta.namespace = namespace;
  } else if (meta.namespace !== namespace) {
    throw errors.badRequest(
      `the namespace of the object (${meta.namespace}) does not match the namespace on the request (${namespace})`,
    );
  }
}

/** What the server alone decides at creation (apiserver pkg/registry/rest FillObjectMetaSystemFields). */
export function fillSystemFields(object: KubeObject, now: number): void {
  const meta = object.metadata;
  meta.creationTimestamp = formatTime(now);
  meta.uid = randomUUID();
  delete meta.selfLink;
  delete meta.resourceVersion;
  delete meta.deletionTimestamp;
  delete meta.deletionGracePeriodSeconds;
}

/** What an update can never change (apiserver pkg/registry/rest BeforeUpdate). `old` is frozen. */
export function carrySystemFields(meta: ObjectMeta, old: ObjectMeta): void {
  copyOrDelete(meta, old, 'generation');
  if (meta.uid === undefined || meta.uid === '') copyOrDelete(meta, old, 'uid');
  copyOrDelete(meta, old, 'creationTimestamp');
  delete meta.selfLink;
  if (old.deletionTimestamp !== undefined) meta.deletionTimestamp = old.deletionTimestamp;
  if (old.deletionGracePeriodSeconds !== undefined && meta.deletionGracePeriodSeconds === undefined) {
    meta.deletionGracePeriodSeconds = old.deletionGracePeriodSeconds;
  }
}

function copyOrDelete<K extends keyof ObjectMeta>(to: ObjectMeta, from: ObjectMeta, key: K): void {
  if (from[key] === undefined) delete to[key];
  else to[key] = from[key];
}
