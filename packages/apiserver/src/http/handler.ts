import { StatusError } from '@sampan/api';
import { serveProvided } from '../provided/serve-provided.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { serveSubresource } from '../subresources/serve.ts';
import { unstored } from '../subresources/unstored.ts';
import type { ApiContext } from './api-context.ts';
import { authenticate } from './authentication.ts';
import { authorize } from './authorization.ts';
import type { ConnectionUpgrade } from './connection-upgrade.ts';
import { Exchange, type HttpRequest, type HttpResponse } from './exchange.ts';
import { pathNotFound } from './path-not-found.ts';
import { serveResource } from './resource-handler.ts';
import { sendStatus, statusOf } from './respond.ts';

/**
 * Answers one request of a cluster: who, may they, what. `url` is the path and query within the cluster.
 * Never rejects.
 */
export async function handle(
  api: ApiContext,
  request: HttpRequest,
  response: HttpResponse,
  url: string,
  upgrade?: ConnectionUpgrade,
): Promise<void> {
  let exchange: Exchange | undefined;
  const started = api.cluster.clock.monotonic();
  api.metrics.begin();
  try {
    exchange = new Exchange(request, response, url, upgrade);
    await answer(api, exchange);
  } catch (error) {
    fail(api, exchange, request, response, error);
  } finally {
    api.metrics.end(exchange?.info, response.statusCode, api.cluster.clock.monotonic() - started);
  }
}

async function answer(api: ApiContext, exchange: Exchange): Promise<void> {
  const pending = authenticate(api, exchange);
  if (pending) await pending;
  authorize(api, exchange);
  const elsewhere = api.aggregator?.serve(exchange);
  if (elsewhere) return elsewhere;
  const { info } = exchange;
  if (!info.isResource) return api.paths.serve(exchange);
  const resource = api.cluster.resources.get(info.group, info.version, info.resource);
  if (!resource || !isInScope(exchange, resource)) return pathNotFound(api.cluster.resources, exchange);
  if (resource.deprecation !== undefined) exchange.warn(resource.deprecation);
  if (info.subresource !== '') return serveSubresource(api, exchange, resource);
  checkVerb(exchange, resource);
  if (resource.provided) return serveProvided(api, exchange, resource, resource.provided);
  const server = unstored.get(resource.collection);
  if (server) return server(api, exchange, resource);
  return serveResource(api, exchange, resource);
}

/** A namespace in the path of a cluster-scoped resource, or none where one is needed, is a path nobody serves. */
function isInScope({ info }: Exchange, { custom, definition, verbs }: ServedResource): boolean {
  if (!definition.namespaced) return info.namespace === '' || info.resource === 'namespaces';
  if (info.namespace !== '' || info.verb === 'list' || info.verb === 'watch') return true;
  if (custom || info.name !== '' || !verbs.has('list')) return false;
  // all namespaces are a path of their own, for reading
  throw methodNotAllowed();
}

function checkVerb(exchange: Exchange, resource: ServedResource): void {
  const { info, method } = exchange;
  const verb = info.verb;
  if (
    verb === '' ||
    !(resource.verbs as ReadonlySet<string>).has(verb) ||
    (method === 'POST' && info.name !== '') ||
    (method === 'PUT' && info.name === '') ||
    (method === 'PATCH' && info.name === '')
  ) {
    throw methodNotAllowed();
  }
}

export function methodNotAllowed(): StatusError {
  return new StatusError(
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}

function fail(
  api: ApiContext,
  exchange: Exchange | undefined,
  request: HttpRequest,
  response: HttpResponse,
  error: unknown,
): void {
  const status = statusOf(error);
  if (status.code >= 500 && !(error instanceof StatusError)) {
    api.log.error('request failed', {
      method: request.method,
      path: request.url?.split('?', 1)[0],
      error: describe(error),
    });
  }
  // whoever took the connection ends it
  if (exchange?.upgrade?.taken) return;
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  if (exchange) {
    sendStatus(exchange, status);
    return;
  }
  const body = Buffer.from(JSON.stringify(status));
  response.statusCode = status.code;
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', body.length);
  response.end(body);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
