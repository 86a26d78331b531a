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

/** metav1.Time: RFC 3339 in UTC with second precision. */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/**
 * The namespace and name of the path are the object's; a different one in the body is refused
 * (apiserver pkg/registry/rest EnsureObjectNamespaceMatchesRequestNamespace).
 */
export function placeObject(resource: ServedResource, meta: ObjectMeta, namespace: string, name: string | undefined): void {
  const wanted = resource.definition.namespaced ? namespace : '';
  if (wanted === '') {
    // the server drops the namespace of a cluster-scoped object
    delete meta.namespace;
  } else if (meta.namespace === undefined || meta.namespace === '') {
    meta.namespace = wanted;
  } else if (meta.namespace !== wanted) {
    throw errors.badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (name === undefined) return;
  if (meta.name === undefined || meta.name === '') {
    throw errors.badRequest('name must be provided');
  }
  if (meta.name !== name) {
    throw errors.badRequest(
      `the name of the object (${meta.name}) does not match the name on the URL (${name})`,
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
  delete meta.generation;
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
