import { errors, type KubeObject } from '@sampan/api';
import { deepClone } from '@sampan/base';
import { create } from '../registry/create.ts';
import { deletedStatus, remove } from '../registry/delete.ts';
import { type DeleteOptions, deleteOptions } from '../registry/delete-options.ts';
import { type Rendered, render } from '../registry/encoding.ts';
import { checkNotFuture, type ListRequest, list, listAll, parseRevision } from '../registry/list.ts';
import { dedupOwnerReferences } from '../registry/owner-references.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { update } from '../registry/update.ts';
import type { ApiContext } from './api-context.ts';
import { authorizeCreate } from './authorization.ts';
import type { Exchange } from './exchange.ts';
import { listOptions } from './list-options.ts';
import { patchObject } from './patch-handler.ts';
import { plainList, sendList, sendObject, type View, viewOf } from './render.ts';
import { bodyObject, bodyValue } from './request-body.ts';
import { sendBytes, sendJson } from './respond.ts';
import { streamWatch } from './watch-stream.ts';
import { isWholeList, wholeListBytes } from './whole-list.ts';
import { writeContext } from './write-options.ts';

/** Serves one request on a resource itself, see `subresources/` for what lies below an object. */
export async function serveResource(
  api: ApiContext,
  exchange: Exchange,
  resource: ServedResource,
): Promise<void> {
  const { info } = exchange;
  switch (info.verb) {
    case 'get':
      return getObject(api, exchange, resource);
    case 'list':
    case 'watch':
      return listOrWatch(api, exchange, resource);
    case 'create':
      return createObject(api, exchange, resource);
    case 'update':
      return updateObject(api, exchange, resource);
    case 'patch':
      return patchObject(api, exchange, resource);
    case 'delete':
      return deleteObject(api, exchange, resource);
    case 'deletecollection':
      return deleteCollection(api, exchange, resource);
    default:
      throw errors.methodNotSupported(resource.gr, info.verb);
  }
}

function send(
  api: ApiContext,
  exchange: Exchange,
  resource: ServedResource,
  status: number,
  rendered: Rendered,
): void {
  sendObject(exchange, viewOf(exchange), resource, status, rendered, api.cluster.clock.now());
}

function getObject(api: ApiContext, exchange: Exchange, resource: ServedResource): void | Promise<void> {
  const { namespace, name } = exchange.info;
  const version = exchange.query.get('resourceVersion');
  if (version) checkNotFuture(api.cluster, parseRevision(version));
  const entry = api.cluster.store.get(resource.key(namespace, name));
  if (!entry) throw errors.notFound(resource.gr, name);
  const answer = () => send(api, exchange, resource, 200, render(resource, entry));
  return resource.asks ? resource.prepared([entry], answer) : answer();
}

function listOrWatch(api: ApiContext, exchange: Exchange, resource: ServedResource): void | Promise<void> {
  const view = viewOf(exchange);
  const options = listOptions(exchange, resource);
  if (!options.watch) {
    if (resource.asks) return sendConverted(api, exchange, resource, view, options.list);
    if (isWholeList(view, options.list)) sendWholeList(api, exchange, resource, view, options.list);
    else
      sendList(exchange, view, resource, list(api.cluster, resource, options.list), api.cluster.clock.now());
    return;
  }
  const { namespace, selection, resourceVersion } = options.list;
  const { sendInitialEvents, bookmarks, timeoutMs } = options;
  streamWatch(
    exchange,
    api.cluster,
    resource,
    { namespace, selection, resourceVersion, sendInitialEvents, bookmarks },
    view,
    timeoutMs,
  );
}

async function sendConverted(
  api: ApiContext,
  exchange: Exchange,
  resource: ServedResource,
  view: View,
  request: ListRequest,
): Promise<void> {
  const result = await listAll(api.cluster, resource, request);
  sendList(exchange, view, resource, result, api.cluster.clock.now());
}

function sendWholeList(
  api: ApiContext,
  exchange: Exchange,
  resource: ServedResource,
  view: View,
  request: ListRequest,
): void {
  const { store } = api.cluster;
  const make = () => plainList(resource, view, list(api.cluster, resource, request));
  const bytes = wholeListBytes(store, resource, request.namespace, make);
  sendBytes(exchange, 200, 'application/json', bytes);
}

async function createObject(api: ApiContext, exchange: Exchange, resource: ServedResource): Promise<void> {
  const context = writeContext(exchange, 'CreateOptions');
  const view = viewOf(exchange);
  const object = await bodyObject(exchange, resource, context);
  const rendered = await create(api.cluster, resource, exchange.info.namespace, object, context);
  sendObject(exchange, view, resource, 201, rendered, api.cluster.clock.now());
}

async function updateObject(api: ApiContext, exchange: Exchange, resource: ServedResource): Promise<void> {
  const context = writeContext(exchange, 'UpdateOptions');
  const { namespace, name } = exchange.info;
  const object = await bodyObject(exchange, resource, context);
  dedupOwnerReferences(object, context.warn, '');
  const updated = await update(
    api.cluster,
    resource,
    {
      namespace,
      name,
      subresource: '',
      createIfMissing: resource.definition.rules.createOnUpdate === true,
      mayCreate: () => authorizeCreate(api, exchange),
      // a round that lost against another writer may have changed its object: each gets its own
      next: () => deepClone(object),
    },
    context,
  );
  send(api, exchange, resource, updated.created ? 201 : 200, updated);
}

async function deleteObject(api: ApiContext, exchange: Exchange, resource: ServedResource): Promise<void> {
  const options = deleteOptions(await bodyValue(exchange), exchange.query);
  const { namespace, name } = exchange.info;
  const context = { ...writeContext(exchange, 'PatchOptions'), dryRun: isDryRun(options) };
  const deleted = await remove(api.cluster, resource, namespace, name, options, context);
  if (deleted.gone && !resource.returnsDeleted)
    sendJson(exchange, 200, deletedStatus(resource, deleted.object));
  else send(api, exchange, resource, 200, deleted);
}

const isDryRun = (options: DeleteOptions) => (options.dryRun?.length ?? 0) > 0;

/** How many objects of a collection are deleted at a time: their writes share commits. */
const DELETE_BATCH = 100;

async function deleteCollection(
  api: ApiContext,
  exchange: Exchange,
  resource: ServedResource,
): Promise<void> {
  const view = viewOf(exchange);
  const options = deleteOptions(await bodyValue(exchange), exchange.query);
  const listed = await listAll(api.cluster, resource, listOptions(exchange, resource).list);
  const context = { ...writeContext(exchange, 'PatchOptions'), dryRun: isDryRun(options) };
  for (let i = 0; i < listed.entries.length; i += DELETE_BATCH) {
    const batch = listed.entries.slice(i, i + DELETE_BATCH).map(async (entry) => {
      const { namespace = '', name = '' } = entry.object<KubeObject>().metadata;
      try {
        await remove(api.cluster, resource, namespace, name, options, context);
      } catch (error) {
        // somebody else was quicker: it is gone, as wanted
        if ((error as { code?: unknown }).code !== 404) throw error;
      }
    });
    await Promise.all(batch);
  }
  sendList(exchange, view, resource, listed, api.cluster.clock.now());
}
