import { type Descriptions, kinds, legacyKinds } from '@sampan/api';
import { type Clock, type Logger, messageOf, silentLogger, systemClock } from '@sampan/base';
import type { ControlPlaneHandle, ObjectReader } from '@sampan/machinery';
import { ForwardedCertificates } from '@sampan/machinery';
import type { Store } from '@sampan/store';
import type { PodSecurityOptions } from './admission/pod-security/options.ts';
import { createAdmission } from './admission/table.ts';
import { Aggregator } from './aggregation/aggregator.ts';
import { type FrontProxy, makeFrontProxy } from './aggregation/front-proxy.ts';
import { LocalServices } from './aggregation/local-services.ts';
import { ServiceAllocators } from './allocators/service-allocators.ts';
import { ApiServer, type VersionInfo } from './api-server.ts';
import { type ClusterAuth, type ClusterAuthOptions, createClusterAuth } from './auth/cluster-auth.ts';
import type { DefaultPolicy } from './auth/rbac/reconcile.ts';
import { writeDefaultPolicy } from './auth/rbac/write-default-policy.ts';
import { type OpenIdDocument, openIdDocuments } from './auth/tokens/openid.ts';
import type { SigningKeys } from './auth/tokens/signing-keys.ts';
import { bootstrap, publishFrontProxy } from './bootstrap.ts';
import { InProcessClient } from './client/in-process-client.ts';
import { StoreReader } from './client/store-reader.ts';
import { CustomResources } from './crd/custom-resources.ts';
import { EventTtl } from './expiry/event-ttl.ts';
import { sendJson, sendText } from './http/respond.ts';
import { OpenApi } from './paths/openapi.ts';
import { at, doing } from './paths/path-server.ts';
import type { NodeProxy } from './subresources/node-proxy.ts';
import { HttpsCaller } from './webhooks/https-caller.ts';
import { noDialer, type ServiceDialer } from './webhooks/service-dialer.ts';

export interface ControlPlaneOptions {
  /** Stays the caller's: close it after `stop`. */
  readonly store: Store;
  /** PEM of the CA of client certificates. */
  readonly clientCa: string;
  /** Another process ends TLS and sends each client's certificate in `CERTIFICATE_HEADER`. Default false. */
  readonly isBehindListener?: boolean;
  /** Client certificates that are believed no more, asked at each request. Default: none. */
  readonly isRevoked?: ClusterAuthOptions['isRevoked'];
  /** Of ServiceAccount tokens. */
  readonly keys: SigningKeys;
  readonly version: VersionInfo;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Also serve the removed betas that 1.20 components ask for. */
  readonly legacyApis?: boolean;
  /** Addresses of Services, a CIDR. Default 10.96.0.0/12. */
  readonly serviceRange?: string;
  /** `HOST:PORT` under which tokens can be verified from outside. */
  readonly externalAddress: string;
  /** Cluster-wide defaults and exemptions of Pod Security. */
  readonly podSecurity?: PodSecurityOptions;
  /** The way to what runs on nodes; absent: logs, exec and the like get 503. */
  nodeProxy?(reader: ObjectReader): NodeProxy;
  /** The way to webhooks and aggregated API servers; absent: there is none, and calling them fails. */
  dialer?(reader: ObjectReader): ServiceDialer;
  /** How aggregated API servers know this one; a function: asked when the first one appears. Default: made then. */
  readonly frontProxy?: FrontProxy | (() => FrontProxy);
  /** Doc texts for OpenAPI, read when first needed. */
  descriptions?(): Descriptions;
  /** Roles and bindings that this cluster has besides those that every cluster has; kept up like these. */
  readonly policy?: Partial<DefaultPolicy>;
  /** JSON answers to GET of further paths, behind the same authentication and RBAC (`nonResourceURLs`). */
  readonly reports?: Readonly<Record<string, () => unknown>>;
  /** What a POST to further paths does, behind the same; the JSON that it answers. */
  readonly actions?: Readonly<Record<string, () => Promise<unknown>>>;
}

/** A whole cluster's API: requests, authentication, admission, the objects every cluster has. */
export interface ControlPlane extends ControlPlaneHandle {
  readonly api: ApiServer;
  readonly auth: ClusterAuth;
}

/** Puts a cluster together over its store and makes what every cluster must hold; resolves when it is ready. */
export async function createControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const clock = options.clock ?? systemClock;
  const log = options.log ?? silentLogger;
  const reader = new StoreReader(options.store);
  const auth = createClusterAuth({
    ...{ reader, keys: options.keys, clock },
    ...(options.isRevoked ? { isRevoked: options.isRevoked } : {}),
  });
  const services = new ServiceAllocators(
    options.serviceRange === undefined ? {} : { clusterIpRanges: [options.serviceRange] },
  );
  services.rebuild(reader.list('services'));
  const dialer = options.dialer?.(reader) ?? noDialer;
  const caller = new HttpsCaller(dialer);
  const admission = createAdmission({
    reader,
    authorizer: auth.authorizer,
    rbac: auth.rbac,
    clock,
    log,
    services,
    client: () => client('kube-apiserver'),
    resources: () => api.context.cluster.resources,
    caller,
    ...(options.podSecurity ? { podSecurity: options.podSecurity } : {}),
  });
  const given = typeof options.frontProxy === 'function' ? undefined : options.frontProxy;
  let madeProxy: FrontProxy | undefined;
  const aggregator = new Aggregator({
    reader,
    dialer,
    frontProxy: () => given ?? ownFrontProxy(),
    clock,
    log,
    client: () => client('kube-aggregator'),
  });
  let ready = 'still starting';
  const api = new ApiServer({
    store: options.store,
    clock,
    log,
    definitions: options.legacyApis ? [...kinds, ...legacyKinds] : kinds,
    authenticator: auth.authenticator,
    authorizer: auth.authorizer,
    ...(options.isBehindListener
      ? { forwardedCertificates: new ForwardedCertificates(options.clientCa) }
      : {}),
    admission: admission.plugins,
    auth,
    aggregator,
    ...(options.nodeProxy ? { nodeProxy: options.nodeProxy(reader) } : {}),
    version: options.version,
    readyChecks: [{ name: 'bootstrap', check: () => (ready === '' ? undefined : ready) }],
    paths: (resources) => [
      new OpenApi(resources, {
        version: options.version.gitVersion,
        remote: aggregator,
        ...(options.descriptions ? { descriptions: options.descriptions } : {}),
      }),
      ...openIdDocuments(auth.tokenIssuer.issuer, options.externalAddress, options.keys).map(openIdPath),
      ...Object.entries(options.reports ?? {}).map(([path, report]) =>
        at(path, (exchange) => sendJson(exchange, 200, report())),
      ),
      ...Object.entries(options.actions ?? {}).map(([path, action]) => doing(path, action)),
    ],
  });
  const client = (name: string) => new InProcessClient(api.context, name);
  const customResources = new CustomResources({
    cluster: api.context.cluster,
    reader,
    client: client('sampan-server'),
    caller,
    log,
  });
  customResources.start();
  aggregator.start();
  const eventTtl = new EventTtl({ store: options.store, clock, log });
  eventTtl.start();
  await bootstrap(client('sampan-server'), {
    clientCa: options.clientCa,
    ...(given ? { frontProxyCa: given.ca } : {}),
  });
  const localServices = new LocalServices({
    resources: api.context.cluster.resources,
    reader,
    client: client('kube-aggregator'),
    log,
  });
  // one tick, one commit
  const registered = localServices.start();
  await writeDefaultPolicy({
    client: client('sampan-server'),
    reader,
    resources: api.context.cluster.resources,
    log,
    more: options.policy ?? {},
  });
  await registered;
  ready = '';
  return {
    api,
    auth,
    reader,
    client,
    provide: (resource) => api.context.cluster.resources.provide(resource),
    stop,
  };

  function ownFrontProxy(): FrontProxy {
    if (madeProxy) return madeProxy;
    madeProxy = typeof options.frontProxy === 'function' ? options.frontProxy() : makeFrontProxy();
    publishFrontProxy(client('kube-aggregator'), madeProxy.ca).catch((error: unknown) =>
      log.error('the authority of the front proxy could not be published', { error: messageOf(error) }),
    );
    return madeProxy;
  }

  function stop(): void {
    customResources.stop();
    aggregator.close();
    localServices.close();
    eventTtl.close();
    admission.close();
    caller.close();
    auth.close();
  }
}

function openIdPath({ path, contentType, body }: OpenIdDocument) {
  return at(path, (exchange) => sendText(exchange, 200, body, contentType));
}
