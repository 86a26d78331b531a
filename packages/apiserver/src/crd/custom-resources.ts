import {
  CRD_CLEANUP_FINALIZER,
  type CustomResource,
  type CustomResourceDefinition,
  crdStatus,
  isCondition,
  type KubeObject,
  resourceDefinitionsOf,
  StatusError,
  setCondition,
  TERMINATING,
} from '@sampan/api';
import { type Logger, messageOf } from '@sampan/base';
import type { Client, ObjectReader, ResourceRef } from '@sampan/machinery';
import type { Cluster } from '../registry/cluster.ts';
import { remove } from '../registry/delete.ts';
import { formatTime } from '../registry/metadata.ts';
import { internalContext } from '../registry/request-context.ts';
import { ServedResource } from '../registry/served-resource.ts';
import type { HttpsCaller } from '../webhooks/https-caller.ts';
import { conversionWebhook } from './conversion-webhook.ts';

const COLLECTION = 'customresourcedefinitions.apiextensions.k8s.io';

/** After a failure that was not another writer's doing, such as a full disk. */
const RETRY_MS = 5_000;

const CRDS: ResourceRef = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  resource: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

export interface CustomResourcesOptions {
  readonly cluster: Cluster;
  readonly reader: ObjectReader;
  readonly client: Client;
  /** Calls conversion webhooks. */
  readonly caller: HttpsCaller;
  readonly log: Logger;
}

/**
 * Serves what CustomResourceDefinitions define: accepts their names, puts established ones into the resource table
 * in the tick in which they are stored, and removes their objects before they go (upstream's naming, establishing
 * and finalizing controllers).
 */
export class CustomResources {
  readonly #options: CustomResourcesOptions;
  readonly #served = new Map<string, readonly CustomResource[]>();
  /** One sync at a time for each definition; a change meanwhile asks for one more. */
  readonly #syncing = new Map<string, { again: boolean }>();
  readonly #emptying = new Map<string, () => void>();
  /** The groups of definitions that do not have all their names, by definition. */
  readonly #waiting = new Map<string, string>();
  #stop: (() => void) | undefined;

  constructor(options: CustomResourcesOptions) {
    this.#options = options;
  }

  /** Serves what is stored and follows changes; call once. */
  start(): void {
    const { reader } = this.#options;
    this.#stop = reader.watch<CustomResourceDefinition>(COLLECTION, ({ type, object }) => {
      if (type === 'deleted') this.#forget(object);
      else this.#take(object);
    });
    for (const crd of this.#definitions()) this.#take(crd);
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    for (const end of this.#emptying.values()) end();
    this.#emptying.clear();
  }

  #definitions(): CustomResourceDefinition[] {
    return this.#options.reader.list<CustomResourceDefinition>(COLLECTION);
  }

  #take(crd: CustomResourceDefinition): void {
    const name = nameOf(crd);
    this.#serve(crd);
    if (isCondition(crd, 'NamesAccepted')) this.#waiting.delete(name);
    else this.#waiting.set(name, crd.spec.group);
    this.#schedule(name);
    this.#offerNames(crd);
  }

  /** Names that a definition has given up, or held when it went, are free for others of its group. */
  #offerNames(crd: CustomResourceDefinition): void {
    for (const [name, group] of this.#waiting)
      if (group === crd.spec.group && name !== nameOf(crd)) this.#schedule(name);
  }

  #serve(crd: CustomResourceDefinition): void {
    const name = nameOf(crd);
    const before = this.#served.get(name) ?? [];
    const after = isCondition(crd, 'Established')
      ? resourceDefinitionsOf(crd, conversionWebhook(crd, this.#options.caller))
      : [];
    if (before.length === 0 && after.length === 0) return;
    const generation = crd.metadata.generation ?? 1;
    const same =
      before.length === after.length &&
      before.every(
        (old, i) => old.origin.generation === generation && sameNames(old, after[i] as CustomResource),
      );
    if (same) return;
    const gone = before.filter(
      (old) => !after.some((now) => now.version === old.version && now.resource === old.resource),
    );
    this.#options.cluster.resources.change(after, gone);
    this.#served.set(name, after);
  }

  #forget(crd: CustomResourceDefinition): void {
    const name = nameOf(crd);
    this.#options.cluster.resources.change([], this.#served.get(name) ?? []);
    this.#served.delete(name);
    this.#emptying.get(name)?.();
    this.#emptying.delete(name);
    this.#waiting.delete(name);
    this.#offerNames(crd);
  }

  #schedule(name: string): void {
    const running = this.#syncing.get(name);
    if (running) {
      running.again = true;
      return;
    }
    const state = { again: false };
    this.#syncing.set(name, state);
    void this.#run(name, state);
  }

  async #run(name: string, state: { again: boolean }): Promise<void> {
    do {
      state.again = false;
      try {
        await this.#sync(name);
      } catch (error) {
        if (error instanceof StatusError && (error.reason === 'Conflict' || error.reason === 'NotFound'))
          continue;
        this.#report(name, error);
        this.#options.cluster.clock.schedule(() => {
          if (this.#stop) this.#schedule(name);
        }, RETRY_MS);
      }
    } while (state.again);
    this.#syncing.delete(name);
  }

  #report(name: string, error: unknown): void {
    this.#options.log.error('a custom resource definition could not be brought up to date', {
      name,
      error: messageOf(error),
    });
  }

  async #sync(name: string): Promise<void> {
    const { reader, cluster } = this.#options;
    const crd = reader.get<CustomResourceDefinition>(COLLECTION, '', name);
    if (!crd) return;
    if (crd.metadata.deletionTimestamp !== undefined) return this.#finalize(crd);
    const others = this.#definitions().filter((other) => nameOf(other) !== name);
    const status = crdStatus(crd, others, formatTime(cluster.clock.now()));
    if (status !== crd.status) await this.#writeStatus({ ...crd, status } as CustomResourceDefinition);
  }

  async #finalize(crd: CustomResourceDefinition): Promise<void> {
    if (!crd.metadata.finalizers?.includes(CRD_CLEANUP_FINALIZER)) return;
    if (!isCondition(crd, 'Established')) {
      await this.#finish(crd, TERMINATING.neverEstablished);
      return;
    }
    const resource = storedResource(crd);
    await this.#empty(resource);
    const left = this.#options.reader.list(resource.collection).length;
    if (left === 0) {
      await this.#finish(crd, TERMINATING.completed);
      return;
    }
    this.#waitForEmpty(crd, resource.collection);
    const condition = crd.status?.conditions?.find(({ type }) => type === 'Terminating');
    if (condition?.reason !== TERMINATING.inProgress.reason)
      await this.#setTerminating(crd, TERMINATING.inProgress);
  }

  /** Deletes all objects; those with finalizers stay until these are gone. */
  async #empty(resource: ServedResource): Promise<void> {
    const { cluster, reader } = this.#options;
    const context = internalContext('sampan-server');
    const objects = reader
      .list(resource.collection)
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    await Promise.all(
      objects.map(async ({ metadata }) => {
        try {
          await remove(cluster, resource, metadata.namespace ?? '', metadata.name ?? '', {}, context);
        } catch (error) {
          if (!(error instanceof StatusError) || error.code !== 404) throw error;
        }
      }),
    );
  }

  #waitForEmpty(crd: CustomResourceDefinition, collection: string): void {
    const name = nameOf(crd);
    if (this.#emptying.has(name)) return;
    const end = this.#options.reader.watch(collection, ({ type }) => {
      if (type === 'deleted') this.#schedule(name);
    });
    this.#emptying.set(name, end);
  }

  async #finish(
    crd: CustomResourceDefinition,
    condition: (typeof TERMINATING)[keyof typeof TERMINATING],
  ): Promise<void> {
    const written = await this.#setTerminating(crd, condition);
    const finalizers = (written.metadata.finalizers ?? []).filter(
      (finalizer) => finalizer !== CRD_CLEANUP_FINALIZER,
    );
    await this.#options.client.update(CRDS, { ...written, metadata: { ...written.metadata, finalizers } });
  }

  #setTerminating(
    crd: CustomResourceDefinition,
    condition: (typeof TERMINATING)[keyof typeof TERMINATING],
  ): Promise<CustomResourceDefinition> {
    const now = formatTime(this.#options.cluster.clock.now());
    const conditions = setCondition(crd.status?.conditions ?? [], condition, now);
    return this.#writeStatus({ ...crd, status: { ...crd.status, conditions } } as CustomResourceDefinition);
  }

  #writeStatus(crd: CustomResourceDefinition): Promise<CustomResourceDefinition> {
    return this.#options.client.update(CRDS, crd, { subresource: 'status' });
  }
}

function nameOf(object: KubeObject): string {
  return object.metadata.name ?? '';
}

/** The resource in the version that objects are stored in, whether that is served or not. */
function storedResource(crd: CustomResourceDefinition): ServedResource {
  const versions = crd.spec.versions.map((version) => ({ ...version, served: true }));
  const definitions = resourceDefinitionsOf({
    ...crd,
    spec: { ...crd.spec, versions },
  } as CustomResourceDefinition);
  const stored = definitions.find((definition) => definition.storageVersion) ?? definitions[0];
  if (!stored) throw new Error(`${nameOf(crd)} has no version`);
  return new ServedResource(stored);
}

/** Accepted names can change without the generation, and so can deletion begin. */
function sameNames(a: CustomResource, b: CustomResource): boolean {
  return (
    a.version === b.version &&
    a.kind === b.kind &&
    a.terminating === b.terminating &&
    a.resource === b.resource &&
    a.singular === b.singular &&
    a.listKind === b.listKind &&
    String(a.shortNames) === String(b.shortNames) &&
    String(a.categories) === String(b.categories)
  );
}
