import { type KubeObject, StatusError } from '@sampan/api';
import { messageOf } from '@sampan/base';
import type { Client, ResourceRef } from '@sampan/machinery';
import type { Remains } from './conditions.ts';

type Discovered = ResourceRef & { readonly verbs: readonly string[] };

/** How long a pod's end may take at most when nobody says otherwise, in seconds. */
const FINALIZER_ESTIMATE = 15;

export interface Emptied extends Remains {
  /** Seconds until a next look is worth while; 0 = nothing is left. */
  readonly estimate: number;
}

/**
 * Deletes what is in a namespace, of all resources that discovery knows: pods first, the rest when no pod is left
 * (KEP-5080), so that pods never run without the policies and secrets they were made with. Tells what remains.
 */
export async function emptyNamespace(client: Client, namespace: string, now: number): Promise<Emptied> {
  const remains = { errors: [] as string[], counts: new Map(), finalizers: new Map(), estimate: 0 };
  let resources: readonly Discovered[];
  try {
    resources = deletable(await client.resources());
  } catch (error) {
    return { ...remains, discoveryError: messageOf(error), estimate: FINALIZER_ESTIMATE };
  }
  const empty = async (ref: Discovered) => {
    try {
      const seconds = await emptyResource(client, ref, namespace, now, remains);
      remains.estimate = Math.max(remains.estimate, seconds);
    } catch (error) {
      remains.errors.push(messageOf(error));
    }
  };
  const isPods = ({ group, resource }: Discovered) => group === '' && resource === 'pods';
  await Promise.all(resources.filter(isPods).map(empty));
  if (remains.counts.size > 0 || remains.errors.length > 0) return remains;
  await Promise.all(resources.filter((ref) => !isPods(ref)).map(empty));
  return remains;
}

/** Another group's name of core/v1 Events: deleting them by both at once finds some that the other is about to delete. */
const SECOND_NAMES: ReadonlySet<string> = new Set(['events.events.k8s.io']);

/** Every namespaced resource once, in the server's preferred version. */
function deletable(resources: readonly Discovered[]): Discovered[] {
  const seen = new Map<string, Discovered>();
  for (const ref of resources) {
    const key = `${ref.resource}.${ref.group}`;
    const isWanted = ref.namespaced && ref.verbs.includes('delete') && !SECOND_NAMES.has(key);
    if (isWanted && !seen.has(key)) seen.set(key, ref);
  }
  return [...seen.values()];
}

/** Deletes the objects of one resource; resolves with the seconds to wait for the rest, and counts it. */
async function emptyResource(
  client: Client,
  ref: Discovered,
  namespace: string,
  now: number,
  remains: Remains,
): Promise<number> {
  const before = await objectsOf(client, ref, namespace);
  if (before.length === 0) return 0;
  if (ref.verbs.includes('deletecollection')) {
    await tolerant(client.deleteCollection(ref, { namespace, propagationPolicy: 'Background' }));
  } else {
    for (const { metadata } of before)
      await tolerant(client.delete(ref, namespace, metadata.name ?? '', { propagationPolicy: 'Background' }));
  }
  const left = await objectsOf(client, ref, namespace);
  if (left.length === 0) return 0;
  const name = `${ref.resource}.${ref.group}`;
  remains.counts.set(name, left.length);
  let finalized = 0;
  for (const { metadata } of left) {
    for (const finalizer of metadata.finalizers ?? []) {
      finalized++;
      remains.finalizers.set(finalizer, (remains.finalizers.get(finalizer) ?? 0) + 1);
    }
  }
  const grace = Math.max(...left.map((object) => secondsLeft(object, now)));
  if (grace > 0) return grace;
  if (finalized > 0) return FINALIZER_ESTIMATE;
  throw new Error(
    `unexpected items still remain in namespace: ${namespace} for gvr: ${ref.group}/${ref.version}, Resource=${ref.resource}`,
  );
}

async function objectsOf(client: Client, ref: Discovered, namespace: string): Promise<KubeObject[]> {
  if (!ref.verbs.includes('list')) return [];
  try {
    return (await client.list(ref, { namespace, metadataOnly: true })).items;
  } catch (error) {
    if (isUnsupported(error)) return [];
    throw error;
  }
}

async function tolerant(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  }
}

/** The resource went away, or cannot do this after all. */
const isUnsupported = (error: unknown): boolean =>
  error instanceof StatusError && (error.code === 404 || error.code === 405);

/** How long a graceful end may still take. */
function secondsLeft({ metadata }: KubeObject, now: number): number {
  if (metadata.deletionTimestamp === undefined || !metadata.deletionGracePeriodSeconds) return 0;
  return Math.max(1, Math.ceil((Date.parse(metadata.deletionTimestamp) - now) / 1000));
}
