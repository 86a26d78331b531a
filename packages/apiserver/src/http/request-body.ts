import type { KubeObject } from '@sampan/api';
import { decodeRequest, parseValue } from '../registry/codec.ts';
import type { RequestContext } from '../registry/request-context.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { readBody } from './body.ts';
import type { Exchange } from './exchange.ts';

/** The object in the body, decoded and defaulted. */
export async function bodyObject(
  exchange: Exchange,
  resource: ServedResource,
  context: RequestContext,
): Promise<KubeObject> {
  return decodeRequest(resource, await readBody(exchange), exchange.header('content-type'), context);
}

/** The JSON or YAML value in the body; undefined when there is no body. */
export async function bodyValue(exchange: Exchange): Promise<unknown> {
  const bytes = await readBody(exchange);
  return bytes.length === 0 ? undefined : parseValue(bytes, exchange.header('content-type')).value;
}
