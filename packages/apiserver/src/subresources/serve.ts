import { errors } from '@sampan/api';
import type { ApiContext } from '../http/api-context.ts';
import type { Exchange } from '../http/exchange.ts';
import { methodNotAllowed } from '../http/handler.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { serveScale } from './scale.ts';
import { serveStatus } from './status.ts';

/** Finds who serves a subresource: `status` and `scale` of any kind that has them, else the table. */
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
  const definition = subresources?.[subresource];
  const handler = api.subresources.get(`${qualifiedOf(resource)}/${subresource}`);
  if (!definition || !handler) throw errors.pageNotFound();
  if (verb !== 'proxy' && !(definition.verbs as readonly string[]).includes(verb)) throw methodNotAllowed();
  return handler(api, exchange, resource);
}

function qualifiedOf(resource: ServedResource): string {
  return resource.gr.group === '' ? resource.gr.resource : `${resource.gr.resource}.${resource.gr.group}`;
}
