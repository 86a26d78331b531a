import {
  compileLabelSelector,
  type KubeObject,
  type LabelMatcher,
  type LabelSelector,
  NOTHING,
  type OwnerReference,
  StatusError,
} from '@sampan/api';
import { type Client, controllerReference, type ResourceRef } from '@sampan/machinery';
import { ignore } from '../controller.ts';

/** The owner that controls an object; an object has at most one. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(({ controller }) => controller === true);
}

const compiled = new WeakMap<LabelSelector, LabelMatcher>();

/** What a selector matches; nothing when it is not valid. Compiled once per object. */
export function matcherOf(selector: LabelSelector | undefined): LabelMatcher {
  if (selector === undefined || selector === null) return NOTHING;
  return compiled.getOrInsertComputed(selector, () => {
    try {
      return compileLabelSelector(selector);
    } catch {
      // stored before its kind was validated as it is today; upstream's controllers act on none either
      return NOTHING;
    }
  });
}

export type ClaimDecision = 'own' | 'adopt' | 'release' | 'ignore';

/** Whose an object is (kubernetes BaseControllerRefManager.ClaimObject). Pure. */
export function decideClaim(owner: KubeObject, object: KubeObject, matches: boolean): ClaimDecision {
  const reference = controllerOf(object);
  const ownerGoes = owner.metadata.deletionTimestamp !== undefined;
  if (reference) {
    if (reference.uid !== owner.metadata.uid) return 'ignore';
    if (matches) return 'own';
    return ownerGoes ? 'ignore' : 'release';
  }
  if (ownerGoes || !matches || object.metadata.deletionTimestamp !== undefined) return 'ignore';
  return 'adopt';
}

export interface ClaimOptions {
  readonly client: Client;
  /** Of the owner. */
  readonly ownerRef: ResourceRef;
  /** Of the objects. */
  readonly ref: ResourceRef;
  /** What adopted objects get besides. */
  readonly finalizers?: readonly string[];
}

/**
 * Takes hold of what matches and lets go of what does not any more; returns what the owner then owns, as it was
 * before. Before the first adoption the owner is read again: who is deleted must not adopt.
 */
export async function claim<T extends KubeObject>(
  options: ClaimOptions,
  owner: KubeObject,
  objects: Iterable<T>,
  matches: (object: T) => boolean,
): Promise<T[]> {
  const { client, ownerRef, ref } = options;
  const owned: T[] = [];
  let mayAdopt: Promise<boolean> | undefined;
  for (const object of objects) {
    const decision = decideClaim(owner, object, matches(object));
    if (decision === 'own') owned.push(object);
    else if (decision === 'adopt') {
      mayAdopt ??= lives(client, ownerRef, owner);
      if ((await mayAdopt) && (await adopt(options, owner, object))) owned.push(object);
    } else if (decision === 'release') await release(client, ref, owner, object);
  }
  return owned;
}

/** Is the owner still there, and not about to go? When it is not, the cache will say so soon. */
async function lives(client: Client, ref: ResourceRef, owner: KubeObject): Promise<boolean> {
  const { namespace, name = '', uid } = owner.metadata;
  const fresh = await client.get(ref, namespace, name).catch(ignore('NotFound'));
  return fresh?.metadata.uid === uid && fresh?.metadata.deletionTimestamp === undefined;
}

/** A strategic patch that names the uid, so that it cannot hit another object of the same name. */
async function adopt({ client, ref, finalizers }: ClaimOptions, owner: KubeObject, object: KubeObject) {
  const ownerReferences = [controllerReference(owner)];
  const metadata = { ownerReferences, uid: object.metadata.uid, ...(finalizers ? { finalizers } : {}) };
  return patch(client, ref, object, { metadata });
}

async function release(client: Client, ref: ResourceRef, owner: KubeObject, object: KubeObject) {
  const ownerReferences = [{ $patch: 'delete', uid: owner.metadata.uid }];
  return patch(client, ref, object, { metadata: { ownerReferences, uid: object.metadata.uid } });
}

/** False when the object is gone, or its reference is (upstream ignores NotFound and Invalid). */
async function patch(client: Client, ref: ResourceRef, object: KubeObject, body: unknown): Promise<boolean> {
  const { namespace, name = '' } = object.metadata;
  try {
    await client.patch(ref, namespace, name, 'strategic', body);
    return true;
  } catch (error) {
    if (error instanceof StatusError && ['NotFound', 'Invalid'].includes(error.reason)) return false;
    throw error;
  }
}
