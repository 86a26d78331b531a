import { errors, type KubeObject } from '@sampan/api';
import type { JsonObject } from '@sampan/base';
import type { ApiContext } from '../http/api-context.ts';
import type { Exchange } from '../http/exchange.ts';
import { leaveFastPath } from '../http/fast-path.ts';
import { writeContext } from '../http/write-options.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { admitted } from './admitted.ts';
import type { SubresourceHandler } from './contract.ts';
import { checkLogOptions } from './log-options.ts';
import { containerFor } from './pod-container.ts';

export type NodeStream = 'log' | 'exec' | 'attach' | 'portforward' | 'proxy';

/** One request that a node answers. The caller is known and may do it; the object exists. */
export interface NodeRequest {
  readonly stream: NodeStream;
  /** The Pod, Service or Node of the path. */
  readonly object: KubeObject;
  /** The name in the path, which for proxies may be `SCHEME:NAME:PORT`. */
  readonly name: string;
  /** Of `log`, `exec` and `attach`: the container, chosen as upstream chooses it. */
  readonly container: string;
  readonly exchange: Exchange;
}

/**
 * The way to what runs on nodes: the node agent's side of logs, exec, attach, port-forward and proxies. It may
 * connect to the cluster's own nodes and pods, as the machine knows them, whatever objects say.
 */
export interface NodeProxy {
  /** Answers the request, or throws a StatusError before anything was sent. */
  serve(request: NodeRequest): Promise<void>;
}

/** Serves a stream through the cluster's `NodeProxy`; without one it says so once the request itself is right. */
export function throughNode(stream: NodeStream): SubresourceHandler {
  return async (api, exchange, resource) => {
    const { namespace, name } = exchange.info;
    // answers may be long; whoever takes over the connection listens to it alone
    if (!exchange.upgrade) leaveFastPath(exchange.request);
    if (stream === 'log') checkLogOptions(exchange.query, name);
    const object = target(api, resource, stream, namespace, name);
    const container = stream === 'proxy' || stream === 'portforward' ? '' : containerOf(object, exchange);
    const serve = async () => {
      if (onNode(resource, stream) && !object.spec?.nodeName) return unassigned(exchange, name, stream);
      if (!api.nodeProxy) throw noNodeAgent(resource, stream);
      await api.nodeProxy.serve({ stream, object, name, container, exchange });
    };
    if (stream === 'log') return serve();
    const subresource = {
      namespace,
      name,
      subresource: stream,
      object: undefined,
      operation: 'CONNECT' as const,
      connectOptions: () => connectOptions(resource, stream, exchange.query),
    };
    return admitted(api.cluster, resource, subresource, writeContext(exchange, 'CreateOptions'), serve);
  };
}

/** Options whose query values are no texts: those of streams. */
const SWITCHES = ['stdin', 'stdout', 'stderr', 'tty'];

/** The connection's options as webhooks are shown them: the query as an object of the subresource's kind. */
function connectOptions(resource: ServedResource, stream: NodeStream, query: URLSearchParams): KubeObject {
  const kind = resource.definition.subresources?.[stream]?.kind ?? '';
  const fields: JsonObject = {};
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    if (SWITCHES.includes(name)) fields[name] = values[0] !== 'false' && values[0] !== '0';
    else if (name === 'command') fields[name] = values;
    else if (name === 'ports') fields[name] = values.flatMap((value) => value.split(',')).map(Number);
    else fields[name] = values[0];
  }
  return { kind, apiVersion: 'v1', ...fields } as unknown as KubeObject;
}

const onNode = (resource: ServedResource, stream: NodeStream): boolean =>
  resource.collection === 'pods' && stream !== 'proxy';

/** A pod without a node has no logs, and nowhere to connect to. */
function unassigned(exchange: Exchange, name: string, stream: NodeStream): void {
  if (stream !== 'log') throw errors.badRequest(`pod ${name} does not have a host assigned`);
  exchange.response.statusCode = 204;
  exchange.response.end();
}

function target(
  api: ApiContext,
  resource: ServedResource,
  stream: NodeStream,
  namespace: string,
  name: string,
): KubeObject {
  const bare = stream === 'proxy' ? proxied(name) : name;
  const entry = api.cluster.store.get(resource.key(namespace, bare));
  if (!entry) throw errors.notFound(resource.gr, bare);
  return entry.object<KubeObject>();
}

/** `NAME` of `NAME`, `NAME:PORT` and `SCHEME:NAME:PORT` (apimachinery pkg/util/net SplitSchemeNamePort). */
function proxied(text: string): string {
  const parts = text.split(':');
  if (parts.length === 3) {
    if (parts[0] !== 'http' && parts[0] !== 'https' && parts[0] !== '') {
      throw errors.badRequest(`invalid proxy request ${JSON.stringify(text)}`);
    }
    return parts[1] ?? '';
  }
  if (parts.length > 3) throw errors.badRequest(`invalid proxy request ${JSON.stringify(text)}`);
  return parts[0] ?? '';
}

function containerOf(pod: KubeObject, exchange: Exchange): string {
  return containerFor(pod, exchange.query.get('container') ?? '');
}

function noNodeAgent(resource: ServedResource, stream: NodeStream) {
  return errors.serviceUnavailable(
    `${resource.definition.resource}/${stream} needs a node agent, which this server does not have yet`,
  );
}
