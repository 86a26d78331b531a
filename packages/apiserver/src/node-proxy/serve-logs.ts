import { errors } from '@sampan/api';
import { acceptWebSocket, chooseProtocol, wantsWebSocket } from '@sampan/machinery/streams';
import { agentOf } from './agent-of.ts';
import type { Hop } from './contract.ts';
import { pass } from './pass.ts';

/** WebSocket subprotocols of streams of bytes (kubernetes apiserver pkg/util/wsstream): whether they are base64. */
const PROTOCOLS: Readonly<Record<string, boolean>> = {
  '': false,
  'binary.k8s.io': false,
  'base64.binary.k8s.io': true,
};

/** `pods/log`, as text or in the messages of a WebSocket. */
export async function serveLogs(hop: Hop): Promise<void> {
  const { exchange, container, object } = hop.request;
  const query = new URLSearchParams(exchange.query);
  query.delete('container');
  const { namespace = '', name = '' } = object.metadata;
  const path = [namespace, name, container].map(encodeURIComponent).join('/');
  const upgrade = exchange.upgrade && wantsWebSocket(exchange.upgrade.request) ? exchange.upgrade : undefined;
  const protocol = upgrade && chooseProtocol(upgrade.request, Object.keys(PROTOCOLS));
  if (upgrade && protocol === undefined) throw errors.badRequest('unable to negotiate a WebSocket protocol');
  const answer = await agentOf(hop).get(`/containerLogs/${path}?${query}`);
  if (!upgrade || protocol === undefined) return pass(answer, exchange);
  try {
    const { request, head } = upgrade;
    const webSocket = await acceptWebSocket({ request, head, socket: upgrade.take() }, protocol);
    if (!webSocket) return;
    webSocket.on('close', () => answer.destroy());
    for await (const chunk of answer) {
      const bytes = chunk as Buffer;
      await new Promise<void>((resolve) => {
        webSocket.send(PROTOCOLS[protocol] ? bytes.toString('base64') : bytes, () => resolve());
      });
    }
    webSocket.close(1000);
  } catch {
    // one of both sides is gone: the other is told by its end
  } finally {
    answer.destroy();
  }
}
