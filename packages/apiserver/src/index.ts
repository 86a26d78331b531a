/**
 * Tier 3: one cluster's Kubernetes API over one store. Start with `api-server.ts` (what it is made of) and
 * `http/handler.ts` (what happens to a request).
 */
export * from './admission/contract.ts';
export { type FrontProxy, makeFrontProxy } from './aggregation/front-proxy.ts';
export { ApiServer, type ApiServerOptions, type VersionInfo } from './api-server.ts';
export * from './auth/index.ts';
export { type ControlPlane, type ControlPlaneOptions, createControlPlane } from './control-plane.ts';
export { peerCertificate } from './http/authentication.ts';
export { bodyFraming } from './http/body-framing.ts';
export type { HttpRequest, HttpResponse } from './http/exchange.ts';
export { type Listener, type ListenerOptions, listen } from './http/listener.ts';
export { keepNodeObjects, metricsResources } from './node-metrics/index.ts';
export { carry } from './node-proxy/carry.ts';
export { createNodeProxy, Kubelet, NodeAgent, type NodeProxyOptions } from './node-proxy/index.ts';
export { passAnswer, passedHeaders } from './node-proxy/pass.ts';
export type { NodeProxy } from './subresources/node-proxy.ts';
export { createServiceDialer } from './webhooks/endpoint-dialer.ts';
export type { Destination, ServiceDialer } from './webhooks/service-dialer.ts';
