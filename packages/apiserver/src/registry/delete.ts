import { errors, type KubeObject, type Status } from '@sampan/api';
import { type Entry, RevisionMismatchError } from '@sampan/store';
import { Reservations } from '../admission/chain.ts';
import type { AdmissionRequest } from '../admission/contract.ts';
import type { Cluster } from './cluster.ts';
import type { DeleteOptions } from './delete-options.ts';
import { encodeObject, type Rendered, render, renderObject } from './encoding.ts';
import { formatTime } from './metadata.ts';
import { optionsFor, type RequestContext } from './request-context.ts';
import type { ServedResource } from './served-resource.ts';

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

export interface Deleted extends Rendered {
  /** The object is gone; otherwise it waits for finalizers or its grace period. */
  readonly gone: boolean;
}

/** Deletes an object or marks it for deletion (apiserver pkg/registry/generic/registry Store.Delete). */
export async function remove(
  cluster: Cluster,
  resource: ServedResource,
  namespace: string,
  name: string,
  options: DeleteOptions,
  context: RequestContext,
): Promise<Deleted> {
  const key = resource.key(namespace, name);
  for (;;) {
    const entry = cluster.store.latest(key);
    if (!entry) throw errors.notFound(resource.gr, name);
    try {
      return await removeOnce(cluster, resource, namespace, name, entry, options, context);
    } catch (error) {
      if (!(error instanceof RevisionMismatchError)) throw error;
    }
  }
}

async function removeOnce(
  cluster: Cluster,
  resource: ServedResource,
  namespace: string,
  name: string,
  entry: Entry,
  options: DeleteOptions,
  context: RequestContext,
): Promise<Deleted> {
  const now = cluster.clock.now();
  if (resource.asks) await resource.prepare([entry]);
  const old = resource.objectOf(entry);
  checkPreconditions(resource, name, old, options);
  const request: AdmissionRequest = {
    operation: 'DELETE',
    definition: resource.definition,
    subresource: '',
    namespace,
    name,
    object: undefined,
    old,
    user: context.user,
    dryRun: context.dryRun,
    get options() {
      return optionsFor('DeleteOptions', context, options);
    },
    warn: context.warn,
    annotate: () => {},
  };
  const reservations = new Reservations();
  await cluster.admission.admit(request);
  try {
    await cluster.admission.validate(request, reservations);
    const marked = mark(resource, old, options, now);
    if (marked === 'pending') return { object: old, bytes: render(resource, entry).bytes, gone: false };
    if (marked === undefined) {
      if (context.dryRun) return { ...view(lastState(resource, entry, old, now)), gone: true };
      await cluster.store.delete(key(entry), { expected: entry.revision });
      reservations.commit();
      return { ...view(lastState(resource, entry, old, now)), gone: true };
    }
    if (context.dryRun) return { ...view(renderObject(marked)), gone: false };
    const stored = await cluster.store.put(key(entry), encodeObject(await resource.toStorage(marked)), {
      expected: entry.revision,
    });
    reservations.commit();
    if (resource.asks) await resource.prepare([stored]);
    return { ...view(render(resource, stored)), gone: false };
  } finally {
    reservations.release();
  }
}

/** Kinds with a grace period show that there was none left (rest.BeforeDelete). */
function lastState(resource: ServedResource, entry: Entry, old: KubeObject, now: number): Rendered {
  if (!resource.definition.rules.defaultGraceSeconds) return render(resource, entry);
  const { deletionTimestamp, generation } = old.metadata;
  const metadata = { ...old.metadata, deletionGracePeriodSeconds: 0 };
  if (deletionTimestamp === undefined) {
    metadata.deletionTimestamp = formatTime(now);
    if (generation !== undefined && generation > 0) metadata.generation = generation + 1;
  }
  return renderObject({ ...old, metadata });
}

const key = (entry: Entry) => entry.key;
const view = (rendered: Rendered): Rendered => ({ object: rendered.object, bytes: rendered.bytes });

/**
 * What a delete makes of the object: `undefined` = it can go now, `pending` = nothing to write, it waits
 * already, else the object with its deletion marked.
 */
function mark(
  resource: ServedResource,
  old: KubeObject,
  options: DeleteOptions,
  now: number,
): KubeObject | 'pending' | undefined {
  const begun = resource.beginDelete(old, formatTime(now));
  if (begun) return begun;
  const meta = { ...old.metadata };
  const finalizers = finalizersFor(resource, old.metadata.finalizers ?? [], options);
  const grace = graceFor(resource, old, options);
  const shortened = shorten(old, grace, options, now);
  if (shortened !== undefined) Object.assign(meta, shortened);
  if (finalizers.length > 0) meta.finalizers = finalizers;
  else delete meta.finalizers;
  const waits =
    finalizers.length > 0 ||
    resource.holdsDeletion(old) ||
    (shortened === undefined ? (grace ?? 0) > 0 : (shortened.deletionGracePeriodSeconds ?? 0) > 0);
  if (!waits) return undefined;
  if (meta.deletionTimestamp === undefined) {
    const seconds = grace ?? 0;
    meta.deletionTimestamp = formatTime(now + seconds * 1000);
    if (resource.collection !== 'namespaces') meta.deletionGracePeriodSeconds = seconds;
    if (meta.generation !== undefined && meta.generation > 0) meta.generation += 1;
  } else if (meta.deletionGracePeriodSeconds === undefined) {
    meta.deletionGracePeriodSeconds = 0;
  } else if (shortened === undefined && sameList(finalizers, old.metadata.finalizers ?? [])) {
    return 'pending';
  }
  const marked: KubeObject = { ...old, metadata: meta };
  return resource.markDeleted(marked);
}

/** The grace in seconds; undefined for kinds that are deleted at once. Negative counts as 1. */
function graceFor(resource: ServedResource, old: KubeObject, options: DeleteOptions): number | undefined {
  const { defaultGraceSeconds } = resource.definition.rules;
  if (!defaultGraceSeconds) return undefined;
  const own = defaultGraceSeconds(old);
  if (own === 0) return 0;
  const asked = options.gracePeriodSeconds ?? own;
  return asked < 0 ? 1 : asked;
}

/** An object that is being deleted already may only get less time (rest.BeforeDelete). */
function shorten(
  old: KubeObject,
  grace: number | undefined,
  options: DeleteOptions,
  now: number,
): { deletionTimestamp: string; deletionGracePeriodSeconds: number } | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds } = old.metadata;
  if (deletionTimestamp === undefined || grace === undefined) return undefined;
  const current = deletionGracePeriodSeconds ?? 0;
  if (options.gracePeriodSeconds === undefined || options.gracePeriodSeconds === null || current === 0)
    return undefined;
  let period = options.gracePeriodSeconds < 0 ? 1 : options.gracePeriodSeconds;
  if (period >= current) return undefined;
  let end = Date.parse(deletionTimestamp) - current * 1000 + period * 1000;
  if (end < now) {
    end = now;
    if (period !== 0) period = 1;
  }
  return { deletionTimestamp: formatTime(end), deletionGracePeriodSeconds: period };
}

/** registry/generic deletionFinalizersForGarbageCollection: the propagation policy becomes a finalizer. */
function finalizersFor(
  resource: ServedResource,
  present: readonly string[],
  options: DeleteOptions,
): string[] {
  const orphan = shouldOrphan(resource, present, options);
  const foreground = !orphan && shouldWait(present, options);
  const others = present.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  if (orphan) others.push(ORPHAN);
  if (foreground) others.push(FOREGROUND);
  return sameSet(others, present) ? [...present] : others;
}

function shouldOrphan(resource: ServedResource, present: readonly string[], options: DeleteOptions): boolean {
  if (options.orphanDependents !== undefined) return options.orphanDependents;
  if (options.propagationPolicy) return options.propagationPolicy === 'Orphan';
  if (present.includes(ORPHAN)) return true;
  if (present.includes(FOREGROUND)) return false;
  return resource.definition.rules.defaultPropagation === 'Orphan';
}

function shouldWait(present: readonly string[], options: DeleteOptions): boolean {
  if (options.orphanDependents !== undefined) return false;
  if (options.propagationPolicy) return options.propagationPolicy === 'Foreground';
  return present.includes(FOREGROUND);
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item));
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function checkPreconditions(
  resource: ServedResource,
  name: string,
  old: KubeObject,
  options: DeleteOptions,
): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  if (resource.isDefinition) {
    checkDefinition(resource, name, old, uid, resourceVersion);
    return;
  }
  if (resource.collection === 'namespaces' && uid !== undefined && uid !== old.metadata.uid) {
    throw errors.conflict(
      resource.gr,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    );
  }
  // upstream names the kind here where it names the resource elsewhere
  const gr = { group: resource.gr.group, resource: resource.definition.kind };
  if (uid !== undefined && uid !== old.metadata.uid) {
    throw errors.conflict(
      gr,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${old.metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) {
    throw errors.conflict(
      gr,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${old.metadata.resourceVersion}). The object might have been modified`,
    );
  }
}

/** apiextensions-apiserver pkg/registry/customresourcedefinition/etcd.go. */
function checkDefinition(
  { gr }: ServedResource,
  name: string,
  { metadata }: KubeObject,
  uid: string | undefined,
  version: string | undefined,
): void {
  const check = (what: string, wanted: string | undefined, found: string | undefined) => {
    if (wanted === undefined || wanted === found) return;
    const text = `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found}`;
    throw errors.conflict(gr, name, text);
  };
  check('UID', uid, metadata.uid);
  check('ResourceVersion', version, metadata.resourceVersion);
}

/** The `Success` Status that answers a delete that is done. */
export function deletedStatus(resource: ServedResource, object: KubeObject): Omit<Status, 'code'> {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      ...(object.metadata.name === undefined ? {} : { name: object.metadata.name }),
      ...(resource.gr.group === '' ? {} : { group: resource.gr.group }),
      kind: resource.gr.resource,
      ...(object.metadata.uid === undefined ? {} : { uid: object.metadata.uid }),
    },
  };
}
