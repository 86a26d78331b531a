import type { KubeObject, OwnerReference } from '@sampan/api';
import type { Client, DeleteOptions, EventRecorder, ResourceRef } from '@sampan/machinery';
import { ignore } from '../controller.ts';
import { decide, type OwnerState } from './decision.ts';
import { type Facts, FOREGROUND, ORPHAN } from './facts.ts';
import type { OwnerGraph } from './graph.ts';
import type { ResourceMap } from './resource-map.ts';

/** An owner is of a kind that the server does not serve (now). */
export class UnknownKind extends Error {}

/** The writes of garbage collection: each method reads the present state and does what is left to do. */
export class Sweep {
  readonly #client: Client;
  readonly #graph: OwnerGraph;
  /** What is served at the moment. */
  resources: ResourceMap;
  readonly #events: Pick<EventRecorder, 'record'>;

  constructor(
    client: Client,
    graph: OwnerGraph,
    resources: ResourceMap,
    events: Pick<EventRecorder, 'record'>,
  ) {
    this.#events = events;
    this.#client = client;
    this.#graph = graph;
    this.resources = resources;
  }

  /**
   * Deletes an object when all its owners are gone, or lets go one that waited for its dependents. Resolves with
   * dependents to look at next.
   */
  async check(item: Facts): Promise<readonly Facts[]> {
    if (item.beingDeleted && !item.foreground) return [];
    const latest = await this.#read(item);
    if (!latest) return [];
    if (item.foreground) return this.#finishForeground(item);
    const owners = latest.metadata.ownerReferences ?? [];
    const states = new Map<OwnerReference, OwnerState>();
    for (const owner of owners) {
      const state = await this.#stateOf(item, owner);
      if (state === undefined) {
        // an owner that cannot be one: never deleted for it, as upstream
        this.#reportOutOfReach(latest, owner);
        return [];
      }
      states.set(owner, state);
    }
    const dependents = this.#graph.dependentsOf(item.uid);
    const finalizers = latest.metadata.finalizers ?? [];
    const decision = decide({ owners, finalizers }, states, dependents);
    if (decision.action === 'release') await this.#release(item, latest, decision.uids);
    if (decision.action !== 'delete') return [];
    const current = decision.unblock ? await this.#unblock(item, latest) : latest;
    await this.#delete(item, current, decision.propagation);
    return [];
  }

  /** Frees the dependents of an object and lets it go. */
  async orphan(owner: Facts): Promise<void> {
    const uids = new Set([owner.uid]);
    await Promise.all(
      this.#graph.dependentsOf(owner.uid).map(async (dependent) => {
        const latest = await this.#read(dependent);
        if (latest) await this.#release(dependent, latest, uids);
      }),
    );
    await this.#removeFinalizer(owner, ORPHAN);
  }

  async #finishForeground(item: Facts): Promise<readonly Facts[]> {
    const blocking = this.#graph.blockingDependentsOf(item.uid);
    if (blocking.length === 0) {
      await this.#removeFinalizer(item, FOREGROUND);
      return [];
    }
    return blocking.filter((dependent) => !dependent.foreground);
  }

  async #stateOf(item: Facts, owner: OwnerReference): Promise<OwnerState | undefined> {
    const ref = this.resources.find(owner.apiVersion, owner.kind);
    if (!ref) throw new UnknownKind(`${owner.apiVersion} ${owner.kind} is not served`);
    if (ref.namespaced && item.namespace === '') return undefined;
    const found = await this.#client
      .get(ref, ref.namespaced ? item.namespace : undefined, owner.name)
      .catch(ignore('NotFound'));
    if (found?.metadata.uid !== owner.uid) return 'dangling';
    const { deletionTimestamp, finalizers = [] } = found.metadata;
    return deletionTimestamp !== undefined && finalizers.includes(FOREGROUND) ? 'waiting' : 'solid';
  }

  #reportOutOfReach(object: KubeObject, { apiVersion, kind, name, uid }: OwnerReference): void {
    const { namespace = '' } = object.metadata;
    this.#events.record(object, {
      type: 'Warning',
      reason: 'OwnerRefInvalidNamespace',
      note:
        `ownerRef [${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}] ` +
        `does not exist in namespace ${JSON.stringify(namespace)}`,
    });
  }

  /** The object if it is still the same one. */
  async #read({ ref, namespace, name, uid }: Facts): Promise<KubeObject | undefined> {
    const found = await this.#client.get(ref, placeOf(ref, namespace), name).catch(ignore('NotFound'));
    return found?.metadata.uid === uid ? found : undefined;
  }

  async #release(item: Facts, latest: KubeObject, uids: ReadonlySet<string>): Promise<void> {
    const owners = latest.metadata.ownerReferences ?? [];
    const kept = owners.filter((owner) => !uids.has(owner.uid));
    if (kept.length !== owners.length) await this.#patch(item, latest, { ownerReferences: kept });
  }

  async #unblock(item: Facts, latest: KubeObject): Promise<KubeObject> {
    const ownerReferences = (latest.metadata.ownerReferences ?? []).map((owner) => ({
      ...owner,
      blockOwnerDeletion: false,
    }));
    return (await this.#patch(item, latest, { ownerReferences })) ?? latest;
  }

  async #removeFinalizer(item: Facts, finalizer: string): Promise<void> {
    const latest = await this.#read(item);
    const finalizers = latest?.metadata.finalizers ?? [];
    if (!latest || !finalizers.includes(finalizer)) return;
    await this.#patch(item, latest, { finalizers: finalizers.filter((other) => other !== finalizer) });
  }

  /** Changes metadata of exactly this version of the object; somebody else's write makes it a conflict. */
  #patch(
    { ref, namespace, name }: Facts,
    { metadata: { uid, resourceVersion } }: KubeObject,
    change: Partial<KubeObject['metadata']>,
  ): Promise<KubeObject | undefined> {
    return this.#client
      .patch(ref, placeOf(ref, namespace), name, 'merge', { metadata: { uid, resourceVersion, ...change } })
      .catch(ignore('NotFound'));
  }

  async #delete(
    { ref, namespace, name, uid }: Facts,
    latest: KubeObject,
    propagationPolicy: NonNullable<DeleteOptions['propagationPolicy']>,
  ): Promise<void> {
    const { resourceVersion } = latest.metadata;
    const preconditions = { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    await this.#client
      .delete(ref, placeOf(ref, namespace), name, { propagationPolicy, preconditions })
      .catch(ignore('NotFound'));
  }
}

const placeOf = (ref: ResourceRef, namespace: string) => (ref.namespaced ? namespace : undefined);
