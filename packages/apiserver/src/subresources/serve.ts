import { errors, type SubresourceDefinition } from '@sampan/api';
import type { ApiContext } from '../http/api-context.ts';
import { readBody } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { methodNotAllowed } from '../http/handler.ts';
import { sendValue, viewOf } from '../http/render.ts';
import { writeContext } from '../http/write-options.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { actions } from './actions.ts';
import { bodyKindsOf, decodeSubresourceBody } from './body-kinds.ts';
import type { SubresourceAction } from './internal.ts';
import { serveScale } from './scale.ts';
import { serveStatus } from './status.ts';

/** Finds who serves a subresource: `status` and `scale` of any kind that has them, else the tables. */
export function serveSubresource(
  api: ApiContext,
  exchange: Exchange,
  resource: ServedResource,
): void | Promise<void> {
  const { subresource, verb } = exchange.info;
  const { rules, scale, subresources } = resource.definition;
  if (exchange.info.name === '') throw errors.pageNotFound();
  if (subresource === 'status' && rules.status) return serveStatus(api, exchange, resource);
  if (subresource === 'scale' && scale) return serveScale(api, exchange, resource);
  const definition =
    subresources && Object.hasOwn(subresources, subresource) ? subresources[subresource] : undefined;
  if (!definition)
    throw resource.custom ? errors.notFound(resource.gr, exchange.info.name) : errors.pageNotFound();
  const handler = api.subresources.get(`${resource.collection}/${subresource}`);
  const action = actions.get(`${resource.collection}/${subresource}`);
  if (!handler && !action) throw errors.pageNotFound();
  // proxies carry OPTIONS too, which has no verb
  const carried = subresource === 'proxy' && exchange.method === 'OPTIONS';
  if (verb !== 'proxy' && !carried && !(definition.verbs as readonly string[]).includes(verb))
    throw methodNotAllowed();
  if (handler) return handler(api, exchange, resource);
  return action && serveAction(api, exchange, resource, definition, action);
}

/** POST of an object that is acted upon, and not stored. */
async function serveAction(
  api: ApiContext,
  exchange: Exchange,
  resource: ServedResource,
  definition: SubresourceDefinition,
  action: SubresourceAction,
): Promise<void> {
  const view = viewOf(exchange, false);
  const context = writeContext(exchange, 'CreateOptions');
  const { namespace, name } = exchange.info;
  const kinds = bodyKindsOf(resource, definition);
  const bytes = await readBody(exchange);
  const body = decodeSubresourceBody(kinds, bytes, exchange.header('content-type'), context);
  const answer = await action(api, resource, namespace, name, body, context);
  sendValue(exchange, view, 201, answer);
}
