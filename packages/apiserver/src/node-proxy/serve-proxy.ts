import type { Readable } from 'node:stream';
import { errors } from '@sampan/api';
import { agentNamed } from './agent-of.ts';
import type { Hop, HopHandler } from './contract.ts';
import { behindProxy, forward, forwardedHeaders, redirectedToFolder } from './forward.ts';
import { pass } from './pass.ts';
import { partsOf, podTarget, serviceTarget } from './proxy-target.ts';

/** Kubelets' port: clients name it, though the agent here has none. */
const KUBELET_PORT = '10250';

/** `pods/proxy`, `services/proxy`, `nodes/proxy`. */
export const serveProxy: HopHandler = async (hop) => {
  const serve = BY_RESOURCE[hop.request.exchange.info.resource];
  if (!serve) throw errors.pageNotFound();
  await serve(hop);
};

const BY_RESOURCE: Readonly<Record<string, HopHandler>> = {
  pods: async (hop) => forward(hop.request.exchange, await podTarget(hop)),
  services: async (hop) => forward(hop.request.exchange, await serviceTarget(hop)),
  nodes: serveNode,
};

/** What the agent shows of its node. The way to containers' streams is not among it: that is `pods/exec` and its like. */
async function serveNode({ request, options }: Hop): Promise<void> {
  const { exchange } = request;
  const { name, port } = partsOf(request.name);
  if (port !== '' && port !== KUBELET_PORT)
    throw errors.badRequest(`nodes are reached through their agent: leave out the port ${port}`);
  if (redirectedToFolder(exchange)) return;
  const { path, query } = behindProxy(exchange.url);
  // as the agent reads it, without `..`
  const { pathname } = new URL(`http://node${path}`);
  if (pathname.startsWith('/streams')) throw errors.pageNotFound();
  const answer = await agentNamed(options, name).send({
    method: exchange.method,
    path: `${pathname}${query}`,
    headers: { ...forwardedHeaders(exchange), host: 'node' },
    body: exchange.request as Readable,
  });
  await pass(answer, exchange);
}
