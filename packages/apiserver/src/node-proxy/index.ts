import type { NodeProxy, NodeStream } from '../subresources/node-proxy.ts';
import type { HopHandler, NodeProxyOptions } from './contract.ts';
import { serveLogs } from './serve-logs.ts';
import { serveProxy } from './serve-proxy.ts';
import { serveCommand, servePorts } from './serve-streams.ts';

export type { NodeProxyOptions } from './contract.ts';
export { Kubelet } from './kubelet.ts';
export { NodeAgent } from './node-agent.ts';

const HANDLERS: Readonly<Record<NodeStream, HopHandler>> = {
  log: serveLogs,
  exec: serveCommand('exec'),
  attach: serveCommand('attach'),
  portforward: servePorts,
  proxy: serveProxy,
};

/** The way from API requests to what runs on nodes, for one cluster. */
export function createNodeProxy(options: NodeProxyOptions): NodeProxy {
  return { serve: (request) => HANDLERS[request.stream]({ request, options }) };
}
