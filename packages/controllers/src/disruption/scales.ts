import { type KubeObject, type OwnerReference, parseApiVersion, StatusError } from '@sampan/api';
import { type Client, type Informer, type ResourceRef, refersToKind } from '@sampan/machinery';
import { controllerOf } from '../workloads/claim.ts';
import { WORKLOADS } from '../workloads/objects.ts';
import type { SharedInformers } from '../workloads/shared-informers.ts';

/** Controllers whose wish is known without asking the server. */
export const KNOWN = [
  WORKLOADS.replicaSets,
  WORKLOADS.deployments,
  WORKLOADS.statefulSets,
  WORKLOADS.replicationControllers,
] as const;

export interface Scale {
  /** Of who wants it: a Deployment counts once for all its ReplicaSets. */
  readonly uid: string;
  readonly replicas: number;
}

/** How many pods controllers want, whatever their kind. */
export class Scales {
  readonly #client: Client;
  readonly #informers: ReadonlyMap<ResourceRef, Informer>;

  constructor(client: Client, informers: SharedInformers) {
    this.#client = client;
    this.#informers = new Map(KNOWN.map((ref) => [ref, informers.of(ref)]));
  }

  /** Undefined when there is no such controller. Throws when its kind cannot be scaled. */
  async of(namespace: string, reference: OwnerReference): Promise<Scale | undefined> {
    const ref = KNOWN.find((known) => refersToKind(reference, known));
    if (!ref) return this.#ask(namespace, reference);
    const owner = this.#informers.get(ref)?.get(namespace, reference.name);
    if (!owner || owner.metadata.uid !== reference.uid) return undefined;
    const above = ref === WORKLOADS.replicaSets ? controllerOf(owner) : undefined;
    if (above && refersToKind(above, WORKLOADS.deployments)) return this.of(namespace, above);
    return { uid: reference.uid, replicas: owner.spec.replicas ?? 1 };
  }

  async #ask(namespace: string, reference: OwnerReference): Promise<Scale | undefined> {
    const { group } = parseApiVersion(reference.apiVersion);
    const found = (await this.#client.resources()).find((ref) => refersToKind(reference, ref));
    if (!found) throw new Error(`no matches for kind "${reference.kind}" in group "${group}"`);
    try {
      const scale = await this.#client.get<KubeObject>(found, namespace, reference.name, 'scale');
      if (scale.metadata.uid !== reference.uid) return undefined;
      return { uid: reference.uid, replicas: scale.spec?.replicas ?? 0 };
    } catch (error) {
      if (!(error instanceof StatusError && error.code === 404)) throw error;
      if (!(await this.#exists(found, namespace, reference.name))) return undefined;
      const resource = group === '' ? found.resource : `${found.resource}.${group}`;
      throw new Error(`${resource} does not implement the scale subresource`, { cause: error });
    }
  }

  async #exists(ref: ResourceRef, namespace: string, name: string): Promise<boolean> {
    try {
      await this.#client.get(ref, namespace, name);
      return true;
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return false;
      throw error;
    }
  }
}
