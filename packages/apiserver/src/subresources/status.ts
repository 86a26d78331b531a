import { errors } from '@sampan/api';
import { deepClone } from '@sampan/base';
import type { ApiContext } from '../http/api-context.ts';
import type { Exchange } from '../http/exchange.ts';
import { methodNotAllowed } from '../http/handler.ts';
import { patchObject } from '../http/patch-handler.ts';
import { sendObject, viewOf } from '../http/render.ts';
import { bodyObject } from '../http/request-body.ts';
import { writeContext } from '../http/write-options.ts';
import { render } from '../registry/encoding.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { type SubresourceRules, update } from '../registry/update.ts';

/** A subresource that shows and writes the whole object, but only a part of it may change: `status` and others. */
export function wholeObjectSubresource(subresource: string, rules?: SubresourceRules) {
  const target = { subresource, ...(rules ? { rules } : {}) };
  return async (api: ApiContext, exchange: Exchange, resource: ServedResource): Promise<void> => {
    const { namespace, name, verb } = exchange.info;
    const view = viewOf(exchange);
    const now = api.cluster.clock.now();
    if (verb === 'get') {
      const entry = api.cluster.store.get(resource.key(namespace, name));
      if (!entry) throw errors.notFound(resource.gr, name);
      await resource.prepare([entry]);
      return sendObject(exchange, view, resource, 200, render(resource, entry), now);
    }
    if (verb === 'patch') return patchObject(api, exchange, resource, target);
    if (verb !== 'update') throw methodNotAllowed();
    const context = writeContext(exchange, 'UpdateOptions');
    const object = await bodyObject(exchange, resource, context);
    const next = () => deepClone(object);
    const updated = await update(api.cluster, resource, { namespace, name, ...target, next }, context);
    return sendObject(exchange, view, resource, 200, updated, now);
  };
}

export const serveStatus = wholeObjectSubresource('status');
