import type { Logger } from '@sampan/base';
import type { ForwardedCertificates } from '@sampan/machinery';
import type { Aggregator } from '../aggregation/aggregator.ts';
import type { ClusterAuth } from '../auth/cluster-auth.ts';
import type { Authenticator, Authorizer } from '../auth/contract.ts';
import type { Cluster } from '../registry/cluster.ts';
import type { SubresourceHandlers } from '../subresources/contract.ts';
import type { NodeProxy } from '../subresources/node-proxy.ts';
import type { Exchange } from './exchange.ts';
import type { RequestMetrics } from './request-metrics.ts';

/** What the request pipeline of one cluster works with. */
export interface ApiContext {
  readonly cluster: Cluster;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  /** Somebody else ended TLS; absent: the connection itself tells the client's certificate. */
  readonly forwardedCertificates: ForwardedCertificates | undefined;
  readonly metrics: RequestMetrics;
  readonly log: Logger;
  /** Everything that is not a resource: discovery, OpenAPI, health, version, metrics. */
  readonly paths: PathServer;
  readonly subresources: SubresourceHandlers;
  /** What issues tokens and answers reviews; absent: those requests get 503. */
  readonly auth: ClusterAuth | undefined;
  /** API versions that other servers serve. */
  readonly aggregator: Aggregator | undefined;
  /** The way to what runs on nodes; absent: logs, exec and the like get 503. */
  readonly nodeProxy: NodeProxy | undefined;
}

export interface PathServer {
  /** Answers, or answers 404. */
  serve(exchange: Exchange): void | Promise<void>;
}
