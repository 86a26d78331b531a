import type { IncomingMessage } from 'node:http';
import type { KubeObject, k8s } from '@sampan/api';
import { isObject, type JsonObject } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import { failureText } from '../webhooks/call-error.ts';
import { userHeaders } from './forwarded-headers.ts';
import type { RemoteVersion } from './remote-version.ts';

export type ReachReason = 'ServiceNotFound' | 'ServicePortError' | 'EndpointsNotFound' | 'MissingEndpoints';

/** What is known of an API version of another server. */
export interface Availability {
  readonly status: 'True' | 'False';
  readonly reason: ReachReason | 'FailedDiscoveryCheck' | 'Passed';
  readonly message: string;
  /** The APIResourceList it answered with. */
  readonly resources?: JsonObject;
  /** Its own OpenAPI v3 path of the version, when it has one. */
  readonly openApi?: string;
}

const CHECK_TIMEOUT_MS = 5_000;
/** Another endpoint may answer where one does not. */
const ATTEMPTS = 2;
const MAX_DISCOVERY_BYTES = 4 * 1024 * 1024;
/** May always read discovery (kube-aggregator pkg/controllers/status). */
const AGGREGATOR = { name: 'system:kube-aggregator', groups: ['system:masters'] };

/** Is the server of an API version there, and what does it serve? Never rejects. */
export async function checkAvailability(reader: ObjectReader, remote: RemoteVersion): Promise<Availability> {
  const unreachable = reachable(reader, remote);
  if (unreachable) return unreachable;
  let message = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      const resources = await getJson(remote, remote.path);
      const openApi = await openApiPath(remote);
      return {
        status: 'True',
        reason: 'Passed',
        message: 'all checks passed',
        resources,
        ...(openApi === undefined ? {} : { openApi }),
      };
    } catch (error) {
      const url = `https://${remote.name}.${remote.namespace}.svc:${remote.port}${remote.path}`;
      message = `failing or missing response from ${url}: ${failureText(error)}`;
    }
  }
  return { status: 'False', reason: 'FailedDiscoveryCheck', message };
}

/** What is missing before there is anybody to ask; undefined: nothing. */
function reachable(reader: ObjectReader, { namespace, name, port }: RemoteVersion): Availability | undefined {
  const service = reader.get<k8s.Service & KubeObject>('services', namespace, name);
  if (!service) return lacking('ServiceNotFound', `service/${name} in "${namespace}" is not present`);
  if ((service.spec?.type ?? 'ClusterIP') !== 'ClusterIP') return undefined;
  const named = service.spec?.ports?.find((candidate) => candidate.port === port);
  if (!named) {
    const text = `service/${name} in "${namespace}" is not listening on port ${port}`;
    return lacking('ServicePortError', text);
  }
  const slices = reader
    .list<k8s.DiscoveryV1EndpointSlice & KubeObject>('endpointslices.discovery.k8s.io', namespace)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name);
  if (slices.length === 0) {
    const text = `cannot find endpointslices for service/${name} in "${namespace}"`;
    return lacking('EndpointsNotFound', text);
  }
  const portName = named.name ?? '';
  const active = slices.some(
    ({ ports, endpoints }) =>
      ports?.some((candidate) => (candidate.name ?? '') === portName) &&
      endpoints?.some(({ conditions }) => conditions?.ready !== false),
  );
  if (active) return undefined;
  const text = `endpointslices for service/${name} in "${namespace}" have no addresses with port name "${portName}"`;
  return lacking('MissingEndpoints', text);
}

const lacking = (reason: ReachReason, message: string): Availability => ({
  status: 'False',
  reason,
  message,
});

async function getJson(remote: RemoteVersion, path: string): Promise<JsonObject> {
  const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
  const headers = { accept: 'application/json', ...userHeaders(AGGREGATOR) };
  const answer = await remote.send('GET', path, headers, (outgoing) => outgoing.end(), {
    signal,
    unverified: true,
  });
  const text = await textOf(answer);
  const status = answer.statusCode ?? 0;
  if (status < 200 || status > 299) throw new Error(`bad status: ${status}`);
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Error('the answer is no JSON object');
  return value;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += (chunk as Buffer).length;
    if (size > MAX_DISCOVERY_BYTES) {
      answer.destroy();
      throw new Error('the answer is too large');
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A server need not have OpenAPI v3: then its kinds cannot be explained, and all else works. */
async function openApiPath(remote: RemoteVersion): Promise<string | undefined> {
  try {
    const { paths } = await getJson(remote, '/openapi/v3');
    const entry = isObject(paths) ? paths[remote.path.slice(1)] : undefined;
    const url = isObject(entry) ? entry.serverRelativeURL : undefined;
    return typeof url === 'string' && url.startsWith(`/openapi/v3${remote.path}`) ? url : undefined;
  } catch {
    return undefined;
  }
}
