import { decodeProtobuf, type KubeObject, PROTOBUF_TYPE, schemaOf } from '@sampan/api';
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

/** The DeleteOptions in the body, not yet checked; undefined when there is no body. */
export async function bodyValue(exchange: Exchange): Promise<unknown> {
  const bytes = await readBody(exchange);
  if (bytes.length === 0) return undefined;
  const contentType = exchange.header('content-type');
  // of custom resources too: client-go's metadata client deletes everything in one form
  if (contentType.startsWith(PROTOBUF_TYPE))
    return decodeProtobuf(bytes, 'DeleteOptions', deleteOptionsType());
  return parseValue(bytes, contentType).value;
}

const deleteOptionsType = () => schemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions');
