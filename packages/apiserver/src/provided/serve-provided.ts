import type { KubeObject } from '@sampan/api';
import type { ProvidedResource } from '@sampan/machinery';
import type { ApiContext } from '../http/api-context.ts';
import type { Exchange } from '../http/exchange.ts';
import { type ListOptions, listOptions } from '../http/list-options.ts';
import { sendList, sendObject, type View, viewOf } from '../http/render.ts';
import { streamWatch } from '../http/watch-stream.ts';
import { renderObject } from '../registry/encoding.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { StreamEvent } from '../registry/watch.ts';
import { ProvidedState, placeOf } from './provided-state.ts';

/**
 * Serves get, list and watch of a resource that a product provides. The caller is authenticated and authorized, and
 * the verb is one of the definition's.
 */
export async function serveProvided(
  api: ApiContext,
  exchange: Exchange,
  served: ServedResource,
  provided: ProvidedResource,
): Promise<void> {
  const { info } = exchange;
  const state = new ProvidedState(served, provided, exchange.user);
  const view = viewOf(exchange);
  const now = api.cluster.clock.now();
  if (info.verb === 'get') {
    const object = await state.get(info.namespace, info.name);
    sendObject(exchange, view, served, 200, renderObject(object), now);
    return;
  }
  const options = listOptions(exchange, served);
  if (!options.watch) {
    const { namespace, selection } = options.list;
    sendList(exchange, view, served, await state.list(namespace, selection), now);
    return;
  }
  await serveWatch(api, exchange, served, state, view, options);
}

async function serveWatch(
  api: ApiContext,
  exchange: Exchange,
  served: ServedResource,
  state: ProvidedState,
  view: View,
  options: ListOptions,
): Promise<void> {
  const { namespace, selection, resourceVersion } = options.list;
  const { sendInitialEvents, bookmarks, timeoutMs } = options;
  const unset = resourceVersion === '' || resourceVersion === '0';
  // a selection needs to know what matched before; all else can start from the version alone
  const listed =
    unset || sendInitialEvents || !selection.everything ? await state.list(namespace, selection) : undefined;
  const objects = listed?.entries.map((entry) => entry.object<KubeObject>()) ?? [];
  const matching = new Set(objects.map(placeOf));
  const initial = (sendInitialEvents ?? unset) && listed !== undefined;
  streamWatch(
    exchange,
    api.cluster,
    served,
    { namespace, selection, resourceVersion, sendInitialEvents, bookmarks },
    view,
    timeoutMs,
    {
      start(listener) {
        const from = initial || unset ? (listed?.resourceVersion ?? '') : resourceVersion;
        if (initial) {
          const events = objects.map((object) => new StreamEvent('ADDED', renderObject(object)));
          if (sendInitialEvents && bookmarks) events.push(state.endOfInitial(listed.resourceVersion));
          listener(events);
        }
        return state.watch(namespace, selection, from, matching, listener);
      },
    },
  );
}
