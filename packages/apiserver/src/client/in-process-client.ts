import {
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  errors,
  type KubeList,
  type KubeObject,
  parseFieldSelector,
  parseLabelSelector,
  StatusError,
} from '@sampan/api';
import type {
  Client,
  DeleteOptions,
  ListOptions,
  PatchType,
  ResourceRef,
  WatchHandlers,
  WatchRequest,
  WriteOptions,
} from '@sampan/machinery';
import { REVIEWS } from '../auth/reviews/reviews.ts';
import type { ApiContext } from '../http/api-context.ts';
import { ProvidedState } from '../provided/provided-state.ts';
import { decodePatched, decodeValue } from '../registry/codec.ts';
import { create } from '../registry/create.ts';
import { remove } from '../registry/delete.ts';
import { render } from '../registry/encoding.ts';
import { applyObject } from '../registry/field-manager.ts';
import { type ListResult, listAll } from '../registry/list.ts';
import { internalContext, type RequestContext } from '../registry/request-context.ts';
import { EVERYTHING, type Selection, selectionOf } from '../registry/selection.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { type UpdatePlan, update } from '../registry/update.ts';
import { type StreamEvent, watch } from '../registry/watch.ts';
import { internalSubresource } from '../subresources/internal.ts';
import { readScale, type Scale, writeScale } from '../subresources/scale.ts';
import { answerReview } from '../subresources/unstored.ts';
import { wholeObjectRules } from '../subresources/whole-object-rules.ts';
import { scan } from './scan.ts';

/** Who asks products for provided resources. */
const SERVER = internalContext('').user;

/**
 * The client of controllers that live in the server's process: frozen objects by reference, no JSON. It acts as the
 * server itself; admission runs as for everybody.
 */
export class InProcessClient implements Client {
  /** Lists cost nothing here. */
  readonly prefersWatchList = false;
  readonly #api: ApiContext;
  readonly #name: string;

  constructor(api: ApiContext, name: string) {
    this.#api = api;
    this.#name = name;
  }

  async get<T extends KubeObject>(
    ref: ResourceRef,
    namespace: string | undefined,
    name: string,
    subresource = '',
  ): Promise<T> {
    const resource = this.#served(ref);
    if (subresource === 'scale')
      return asObject(await readScale(this.#api.cluster, resource, namespace ?? '', name));
    const provided = this.#provided(resource);
    if (provided) return (await provided.get(namespace ?? '', name)) as T;
    const entry = this.#api.cluster.store.get(resource.key(namespace ?? '', name));
    if (!entry) throw errors.notFound(resource.gr, name);
    await resource.prepare([entry]);
    return render(resource, entry).object as T;
  }

  async list<T extends KubeObject>(ref: ResourceRef, options: ListOptions = {}): Promise<KubeList<T>> {
    const resource = this.#served(ref);
    const provided = this.#provided(resource);
    if (provided)
      return listOf<T>(
        resource,
        await provided.list(options.namespace ?? '', selectionFor(resource, options)),
      );
    const result = await listAll(this.#api.cluster, resource, {
      namespace: options.namespace ?? '',
      selection: selectionFor(resource, options),
      limit: 0,
      continueToken: '',
      resourceVersion: '',
      resourceVersionMatch: '',
    });
    return listOf<T>(resource, result);
  }

  async scan<T extends KubeObject>(
    ref: ResourceRef,
    options: ListOptions,
    onObject: (object: T) => void,
  ): Promise<string> {
    const resource = this.#served(ref);
    const selection = selectionFor(resource, options);
    if (resource.provided) {
      const listed = await this.list<T>(ref, options);
      for (const object of listed.items) onObject(object);
      return listed.metadata.resourceVersion ?? '';
    }
    const namespace = options.namespace ?? '';
    const give = (object: KubeObject) => onObject(object as T);
    return scan(this.#api.cluster, resource, namespace, selection, options.mentions, give);
  }

  async create<T extends KubeObject>(
    ref: ResourceRef,
    object: T,
    options: WriteOptions & { name?: string } = {},
  ): Promise<T> {
    const resource = this.#served(ref);
    const context = this.#context(options);
    const namespace = object.metadata?.namespace ?? '';
    if (options.subresource) {
      const handler = internalSubresource(resource, options.subresource);
      return (await handler(this.#api, resource, namespace, options.name ?? '', object, context)) as T;
    }
    const decoded = decodeValue(resource, object, context);
    const review = REVIEWS.get(resource.collection);
    if (review) return (await answerReview(this.#api, resource, review, namespace, decoded, context)) as T;
    return (await create(this.#api.cluster, resource, namespace, decoded, context)).object as T;
  }

  async update<T extends KubeObject>(ref: ResourceRef, object: T, options: WriteOptions = {}): Promise<T> {
    const resource = this.#served(ref);
    const context = this.#context(options);
    const { namespace = '', name = '' } = object.metadata;
    if (options.subresource === 'scale') {
      const target = { namespace, name, change: () => object, patches: false };
      return asObject(await writeScale(this.#api.cluster, resource, target, context));
    }
    const next = () => decodeValue(resource, object, context);
    return (await this.#write(
      resource,
      { namespace, name, subresource: options.subresource ?? '', next },
      context,
    )) as T;
  }

  async patch<T extends KubeObject>(
    ref: ResourceRef,
    namespace: string | undefined,
    name: string,
    type: PatchType,
    patch: unknown,
    options: WriteOptions & { force?: boolean } = {},
  ): Promise<T> {
    const resource = this.#served(ref);
    const context = this.#context(options);
    const subresource = options.subresource ?? '';
    const base = { namespace: namespace ?? '', name, subresource };
    if (subresource === 'scale') {
      if (type === 'apply')
        throw errors.unsupportedMediaType('a scale is not applied from within the server');
      const change = (scale: Scale) =>
        type === 'json' ? applyJsonPatch(scale, patch) : applyMergePatch(scale, patch);
      return asObject(
        await writeScale(this.#api.cluster, resource, { ...base, change, patches: true }, context),
      );
    }
    if (type === 'apply') {
      const bytes = Buffer.from(JSON.stringify(patch));
      const next = applyObject(
        () => this.#api.cluster.clock.now(),
        resource,
        bytes,
        { ...base, force: options.force ?? false },
        context,
      );
      const plan = { ...base, next, applied: true, createIfMissing: subresource === '' };
      return (await this.#write(resource, plan, context)) as T;
    }
    const next = (old: KubeObject | undefined) => {
      if (!old) throw errors.notFound(resource.gr, name);
      return decodePatched(resource, patchedBy(resource, type, old, patch), [], context);
    };
    return (await this.#write(resource, { ...base, next }, context)) as T;
  }

  async delete(
    ref: ResourceRef,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    await remove(
      this.#api.cluster,
      this.#served(ref),
      namespace ?? '',
      name,
      wireOptions(options),
      this.#context(options),
    );
  }

  async deleteCollection(ref: ResourceRef, options: ListOptions & DeleteOptions = {}): Promise<void> {
    const listed = await this.list(ref, options);
    await Promise.all(
      listed.items.map(async ({ metadata }) => {
        try {
          await this.delete(ref, metadata.namespace, metadata.name ?? '', options);
        } catch (error) {
          if (!(error instanceof StatusError) || error.code !== 404) throw error;
        }
      }),
    );
  }

  watch<T extends KubeObject>(
    ref: ResourceRef,
    request: WatchRequest,
    handlers: WatchHandlers<T>,
  ): () => void {
    const resource = this.#served(ref);
    let live = true;
    let stop = () => {};
    const provided = this.#provided(resource);
    try {
      if (provided) {
        const selection = selectionFor(resource, request);
        const from = request.resourceVersion ?? '';
        return provided.watch(request.namespace ?? '', selection, from, undefined, (events) => {
          for (const event of events) tell(event, handlers);
        });
      }
      stop = watch(
        this.#api.cluster,
        resource,
        {
          namespace: request.namespace ?? '',
          selection: selectionFor(resource, request),
          resourceVersion: request.resourceVersion ?? '',
          sendInitialEvents: request.sendInitialEvents,
          bookmarks: request.bookmarks ?? false,
        },
        (events) => {
          for (const event of events) {
            if (live) tell(event, handlers);
          }
        },
      );
    } catch (error) {
      queueMicrotask(() => {
        if (live) handlers.onEnd(error as Error);
      });
    }
    return () => {
      live = false;
      stop();
    };
  }

  async resources() {
    return [...this.#api.cluster.resources.all()].map(({ definition, verbs }) => ({
      group: definition.group,
      version: definition.version,
      resource: definition.resource,
      kind: definition.kind,
      namespaced: definition.namespaced,
      verbs: [...verbs],
    }));
  }

  async #write(resource: ServedResource, plan: UpdatePlan, context: RequestContext): Promise<KubeObject> {
    const rules = wholeObjectRules.get(`${resource.collection}/${plan.subresource}`);
    const whole = rules ? { ...plan, rules } : plan;
    return (await update(this.#api.cluster, resource, whole, context)).object;
  }

  #served(ref: ResourceRef): ServedResource {
    const resource = this.#api.cluster.resources.get(ref.group, ref.version, ref.resource);
    if (!resource) throw errors.pageNotFound();
    return resource;
  }

  #provided(resource: ServedResource): ProvidedState | undefined {
    return resource.provided && new ProvidedState(resource, resource.provided, SERVER);
  }

  #context(options: { fieldManager?: string; dryRun?: boolean }): RequestContext {
    return internalContext(options.fieldManager ?? this.#name, options.dryRun ?? false);
  }
}

function listOf<T extends KubeObject>(resource: ServedResource, result: ListResult): KubeList<T> {
  return {
    kind: resource.listKind,
    apiVersion: resource.apiVersion,
    metadata: { resourceVersion: result.resourceVersion },
    items: result.entries.map((entry) => render(resource, entry).object as T),
  };
}

function tell<T extends KubeObject>({ type, rendered }: StreamEvent, handlers: WatchHandlers<T>): void {
  if (type === 'ERROR') handlers.onEnd(new Error(String(rendered.object.message)));
  else handlers.onEvent({ type, object: rendered.object as T });
}

/** A subresource's object in the type that the caller asked for. */
const asObject = <T extends KubeObject>(scale: Scale): T => scale as unknown as T;

function wireOptions(options: DeleteOptions) {
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = options;
  return {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(preconditions === undefined ? {} : { preconditions }),
    ...(dryRun ? { dryRun: ['All'] } : {}),
  };
}

function selectionFor(
  resource: ServedResource,
  { labelSelector = '', fieldSelector = '' }: ListOptions,
): Selection {
  if (labelSelector === '' && fieldSelector === '') return EVERYTHING;
  return selectionOf(
    resource,
    parseLabelSelector(labelSelector),
    parseFieldSelector(fieldSelector).requirements,
  );
}

function patchedBy(resource: ServedResource, type: PatchType, old: KubeObject, patch: unknown): unknown {
  if (type === 'json') return applyJsonPatch(old, patch);
  if (type === 'merge' || resource.custom) return applyMergePatch(old, patch);
  return applyStrategicMergePatch(old, patch, resource.definition.schema);
}
