import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { ResourceDefinition } from '@sampan/api';
import { type Clock, type Logger, silentLogger, systemClock } from '@sampan/base';
import type { ForwardedCertificates } from '@sampan/machinery';
import type { Store } from '@sampan/store';
import { AdmissionChain } from './admission/chain.ts';
import type { AdmissionPlugin } from './admission/contract.ts';
import type { Aggregator } from './aggregation/aggregator.ts';
import type { ClusterAuth } from './auth/cluster-auth.ts';
import type { Authenticator, Authorizer } from './auth/contract.ts';
import type { ApiContext } from './http/api-context.ts';
import { ConnectionUpgrade } from './http/connection-upgrade.ts';
import type { HttpRequest, HttpResponse } from './http/exchange.ts';
import { handle } from './http/handler.ts';
import { RequestMetrics } from './http/request-metrics.ts';
import { sendJson, sendText } from './http/respond.ts';
import { Discovery } from './paths/discovery.ts';
import { Health, type HealthCheck } from './paths/health.ts';
import { at, type PathHandler, Paths } from './paths/path-server.ts';
import type { Cluster } from './registry/cluster.ts';
import { ResourceTable } from './registry/resource-table.ts';
import type { NodeProxy } from './subresources/node-proxy.ts';
import { subresources } from './subresources/table.ts';

export interface VersionInfo {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
  readonly [field: string]: string;
}

export interface ApiServerOptions {
  readonly store: Store;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly definitions: readonly ResourceDefinition[];
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  /** Somebody else ends TLS; absent: the connection itself tells the client's certificate. */
  readonly forwardedCertificates?: ForwardedCertificates;
  readonly admission: readonly AdmissionPlugin[];
  /** Issues tokens and answers reviews; absent: those requests get 503. */
  readonly auth?: ClusterAuth;
  /** API versions that other servers serve; absent: there are none. */
  readonly aggregator?: Aggregator;
  /** The way to what runs on nodes; absent: logs, exec and the like get 503. */
  readonly nodeProxy?: NodeProxy;
  readonly version: VersionInfo;
  readonly readyChecks?: readonly HealthCheck[];
  /** More paths, which may describe what is served. */
  paths?(resources: ResourceTable): readonly PathHandler[];
}

/** One cluster's API: give it requests, it answers them. Owns neither the store nor the listener. */
export class ApiServer {
  readonly context: ApiContext;

  constructor(options: ApiServerOptions) {
    const resources = new ResourceTable(options.definitions);
    const cluster: Cluster = {
      store: options.store,
      clock: options.clock ?? systemClock,
      resources,
      admission: new AdmissionChain(options.admission),
    };
    const metrics = new RequestMetrics();
    const discovery = new Discovery(resources, options.aggregator);
    this.context = {
      cluster,
      authenticator: options.authenticator,
      authorizer: options.authorizer,
      forwardedCertificates: options.forwardedCertificates,
      metrics,
      log: options.log ?? silentLogger,
      subresources,
      auth: options.auth,
      aggregator: options.aggregator,
      nodeProxy: options.nodeProxy,
      paths: new Paths(
        [
          discovery,
          new Health([], options.readyChecks ?? []),
          at('/version', (exchange) => sendJson(exchange, 200, options.version)),
          at('/metrics', (exchange) =>
            sendText(exchange, 200, metrics.render(), 'text/plain; version=0.0.4'),
          ),
          ...(options.paths?.(resources) ?? []),
        ],
        () => [
          ...discovery.paths(),
          '/healthz',
          '/livez',
          '/metrics',
          '/openapi/v2',
          '/openapi/v3',
          '/readyz',
          '/version',
        ],
      ),
    };
  }

  /** Answers a request; `url` is its path and query within this cluster. Never rejects. */
  handle(request: HttpRequest, response: HttpResponse, url: string = request.url ?? '/'): Promise<void> {
    return handle(this.context, request, response, url);
  }

  /** The same for a request that wants the connection for another protocol. Owns the connection. Never rejects. */
  handleUpgrade(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    url: string = request.url ?? '/',
  ): Promise<void> {
    const upgrade = new ConnectionUpgrade(request, socket, head);
    return handle(this.context, request, upgrade.response, url, upgrade);
  }
}
