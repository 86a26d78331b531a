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
  let mayAdopt: Promise<void> | undefined;
  for (const object of objects) {
    const decision = decideClaim(owner, object, matches(object));
    if (decision === 'own') owned.push(object);
    else if (decision === 'adopt') {
      mayAdopt ??= checkMayAdopt(client, ownerRef, owner);
      await mayAdopt;
      if (await adopt(options, owner, object)) owned.push(object);
    } else if (decision === 'release') await release(client, ref, owner, object);
  }
  return owned;
}

async function checkMayAdopt(client: Client, ref: ResourceRef, owner: KubeObject): Promise<void> {
  const { namespace, name = '', uid } = owner.metadata;
  const fresh = await client.get(ref, namespace, name);
  const whole = `${ref.kind} ${namespace}/${name}`;
  if (fresh.metadata.uid !== uid)
    throw new Error(`original ${whole} is gone: got uid ${fresh.metadata.uid}, wanted ${uid}`);
  if (fresh.metadata.deletionTimestamp !== undefined)
    throw new Error(`${whole} has just been deleted at ${fresh.metadata.deletionTimestamp}`);
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
