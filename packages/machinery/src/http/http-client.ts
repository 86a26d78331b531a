import { setTimeout as sleep } from 'node:timers/promises';
import { apiVersionOf, type KubeList, type KubeObject, StatusError } from '@sampan/api';
import { SampanError } from '@sampan/base';
import type {
  Client,
  DeleteOptions,
  ListOptions,
  PatchType,
  ResourceRef,
  WatchHandlers,
  WatchRequest,
  WriteOptions,
} from '../client.ts';
import { answerValue } from './answers.ts';
import type { Connection } from './connection.ts';
import { type Discovered, discover } from './discovery.ts';
import { pathOf, queryOf, selectorsOf } from './paths.ts';
import { type HttpAnswer, type HttpCall, Transport } from './transport.ts';
import { streamWatch } from './watch-stream.ts';

export interface HttpClientOptions {
  /** Field manager of writes that name none. */
  readonly name: string;
  /** How long an answer may take; watches may stay silent for ever. Default 30,000 ms. */
  readonly timeoutMs?: number;
}

const PATCH_CONTENT: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};
const PAGE = 500;
const RETRIES = 10;
const LONGEST_PAUSE_SECONDS = 30;
const metadataAs = (kind: string) => `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json`;

/** The client of any Kubernetes API server, see `Client`. `close` ends its connections, watches too. */
export class HttpClient implements Client {
  readonly #transport: Transport;
  readonly #name: string;
  readonly #timeoutMs: number;
  #watchList = true;

  constructor(connection: Connection, options: HttpClientOptions) {
    this.#transport = new Transport(connection);
    this.#name = options.name;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
  }

  get prefersWatchList(): boolean {
    return this.#watchList;
  }

  get<T extends KubeObject>(
    ref: ResourceRef,
    namespace: string | undefined,
    name: string,
    subresource?: string,
  ): Promise<T> {
    return this.#call<T>({ method: 'GET', path: pathOf(ref, namespace, name, subresource) });
  }

  async list<T extends KubeObject>(ref: ResourceRef, options: ListOptions = {}): Promise<KubeList<T>> {
    const items: T[] = [];
    const resourceVersion = await this.scan<T>(ref, options, (object) => items.push(object));
    return { kind: `${ref.kind}List`, apiVersion: apiVersionOf(ref), metadata: { resourceVersion }, items };
  }

  async scan<T extends KubeObject>(
    ref: ResourceRef,
    options: ListOptions,
    onObject: (object: T) => void,
  ): Promise<string> {
    let token: string | undefined;
    for (;;) {
      const page = await this.#page<T>(ref, options, token);
      for (const object of page.items ?? []) onObject(named(ref, object));
      token = page.metadata.continue;
      if (!token) return page.metadata.resourceVersion ?? '';
    }
  }

  #page<T>(ref: ResourceRef, options: ListOptions, token: string | undefined): Promise<KubeList<T>> {
    const query = queryOf({ ...selectorsOf(options), limit: options.limit ?? PAGE, continue: token });
    return this.#call<KubeList<T>>({
      method: 'GET',
      path: `${pathOf(ref, options.namespace)}${query}`,
      ...(options.metadataOnly ? { accept: metadataAs('PartialObjectMetadataList') } : {}),
    });
  }

  create<T extends KubeObject>(
    ref: ResourceRef,
    object: T,
    options: WriteOptions & { name?: string } = {},
  ): Promise<T> {
    const target = options.subresource ? options.name : undefined;
    const path = pathOf(ref, object.metadata?.namespace, target, options.subresource);
    return this.#write<T>('POST', path, object, options);
  }

  update<T extends KubeObject>(ref: ResourceRef, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name = '' } = object.metadata;
    return this.#write<T>('PUT', pathOf(ref, namespace, name, options.subresource), object, options);
  }

  patch<T extends KubeObject>(
    ref: ResourceRef,
    namespace: string | undefined,
    name: string,
    type: PatchType,
    patch: unknown,
    options: WriteOptions & { force?: boolean } = {},
  ): Promise<T> {
    const path = pathOf(ref, namespace, name, options.subresource);
    return this.#write<T>('PATCH', path, patch, options, PATCH_CONTENT[type]);
  }

  async delete(
    ref: ResourceRef,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    await this.#call({ method: 'DELETE', path: pathOf(ref, namespace, name), body: deleteBody(options) });
  }

  async deleteCollection(ref: ResourceRef, options: ListOptions & DeleteOptions = {}): Promise<void> {
    const path = `${pathOf(ref, options.namespace)}${queryOf(selectorsOf(options))}`;
    await this.#call({ method: 'DELETE', path, body: deleteBody(options) });
  }

  watch<T extends KubeObject>(
    ref: ResourceRef,
    request: WatchRequest,
    handlers: WatchHandlers<T>,
  ): () => void {
    const initial = request.sendInitialEvents === true;
    const query = queryOf({
      ...selectorsOf(request),
      watch: true,
      resourceVersion: request.resourceVersion,
      allowWatchBookmarks: request.bookmarks === true || initial ? true : undefined,
      ...(initial ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' } : {}),
    });
    const call = {
      method: 'GET',
      path: `${pathOf(ref, request.namespace)}${query}`,
      timeoutMs: 0,
      ...(request.metadataOnly ? { accept: metadataAs('PartialObjectMetadata') } : {}),
    };
    return streamWatch<T>(this.#transport, call, {
      onEvent: ({ type, object }) => handlers.onEvent({ type, object: named(ref, object) }),
      onEnd: (error) => {
        if (initial && isRefusal(error)) this.#watchList = false;
        handlers.onEnd(error);
      },
    });
  }

  resources(): Promise<readonly Discovered[]> {
    return discover((path, accept) => this.#call({ method: 'GET', path, accept }));
  }

  /** From now on this is the client's certificate; requests and watches under way keep the one before. */
  renew(pair: { readonly cert: string; readonly key: string }): void {
    this.#transport.renew(pair);
  }

  close(): void {
    this.#transport.close();
  }

  #write<T>(
    method: string,
    path: string,
    body: unknown,
    options: WriteOptions & { force?: boolean },
    contentType?: string,
  ): Promise<T> {
    const query = queryOf({
      fieldManager: options.fieldManager ?? this.#name,
      dryRun: options.dryRun ? 'All' : undefined,
      force: options.force ? true : undefined,
    });
    return this.#call<T>({
      method,
      path: `${path}${query}`,
      body: JSON.stringify(body),
      ...(contentType ? { contentType } : {}),
    });
  }

  /** Asks again when the server is too busy and says when (429 and 5xx with Retry-After), as client-go does. */
  async #patient(call: HttpCall): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#transport.call(call);
      const busy = answer.status === 429 || answer.status >= 500;
      if (!busy || answer.retryAfter === undefined || attempt > RETRIES) return answer;
      await sleep(Math.min(answer.retryAfter, LONGEST_PAUSE_SECONDS) * 1000);
    }
  }

  async #call<T>(call: Omit<HttpCall, 'timeoutMs'>): Promise<T> {
    const answer = await this.#patient({ ...call, timeoutMs: this.#timeoutMs });
    try {
      return answerValue(answer) as T;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new SampanError('client-connection', `the answer to ${call.method} ${call.path} is not JSON`, {
        hint: 'Is this address a Kubernetes API?',
        cause: error,
      });
    }
  }
}

/** Does the server not know WatchList? */
export const isRefusal = (error: Error | undefined): boolean =>
  error instanceof StatusError && (error.code === 422 || error.code === 400);

/** Items of lists and partial objects do not say their kind. */
function named<T extends KubeObject>(ref: ResourceRef, object: T): T {
  object.apiVersion = apiVersionOf(ref);
  object.kind = ref.kind;
  return object;
}

function deleteBody(options: DeleteOptions): string {
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = options;
  return JSON.stringify({
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    gracePeriodSeconds,
    propagationPolicy,
    preconditions,
    ...(dryRun ? { dryRun: ['All'] } : {}),
  });
}
