import type { KubeObject } from '@sampan/api';
import type { Client, Informer as InformerType, ResourceRef } from '@sampan/machinery';
import { Informer } from '@sampan/machinery';
import type { ControllerContext } from '../controller.ts';
import { controllerOf } from './claim.ts';

/** Indexes of every shared informer. */
const INDEXES = {
  /** By the uid of the controlling owner. */
  owner: (object: KubeObject) => {
    const reference = controllerOf(object);
    return reference ? [reference.uid] : [];
  },
  /** By the namespace, of those that nobody controls. */
  orphans: (object: KubeObject) =>
    controllerOf(object) === undefined ? [object.metadata.namespace ?? ''] : [],
  namespace: (object: KubeObject) => [object.metadata.namespace ?? ''],
  /** By the node that a pod is on. */
  node: (object: KubeObject) => {
    const node: unknown = object.spec?.nodeName;
    return typeof node === 'string' && node !== '' ? [node] : [];
  },
};

/** One informer for each resource, however many controllers follow it. */
export class SharedInformers {
  readonly #context: ControllerContext;
  readonly #client: Client;
  readonly #informers = new Map<string, InformerType>();

  constructor(context: ControllerContext, client: Client) {
    this.#context = context;
    this.#client = client;
  }

  /** The informer of a resource; begins with `start`. */
  of<T extends KubeObject>(ref: ResourceRef): InformerType<T> {
    const { clock, log } = this.#context;
    const name = `${ref.resource}.${ref.group}`;
    const make = (): InformerType => new Informer({ client: this.#client, ref, clock, log }, INDEXES);
    // one resource has objects of one kind
    return this.#informers.getOrInsertComputed(name, make) as unknown as InformerType<T>;
  }

  start(): void {
    for (const informer of this.#informers.values()) informer.start();
  }

  stop(): void {
    for (const informer of this.#informers.values()) informer.stop();
  }

  async synced(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.synced()));
  }
}

/** What an owner controls, and what nobody controls in its namespace. */
export function candidatesOf<T extends KubeObject>(informer: InformerType<T>, owner: KubeObject): T[] {
  const owned = informer.byIndex('owner', owner.metadata.uid ?? '');
  const orphans = informer.byIndex('orphans', owner.metadata.namespace ?? '');
  return orphans.length === 0 ? owned : [...owned, ...orphans];
}
