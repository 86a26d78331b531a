import { errors, type KubeObject } from '@sampan/api';
import { messageOf } from '@sampan/base';
import {
  acceptWebSocket,
  bridgeCommand,
  bridgePorts,
  ChannelSocket,
  COMMAND_PROTOCOLS,
  chooseProtocol,
  dialUpgrade,
  PORT_PROTOCOLS,
  SPDY_COMMAND_PROTOCOL,
  SPDY_PORT_PROTOCOL,
  SpdyClient,
  splice,
  TUNNEL_PROTOCOL,
  tunnel,
  type Upgraded,
  wantsWebSocket,
} from '@sampan/machinery/streams';
import { agentOf, uidOf } from './agent-of.ts';
import { textOf } from './answer-text.ts';
import type { Hop, HopHandler, StreamAddress } from './contract.ts';
import { sendSwitch } from './send-switch.ts';

type Connection = NonNullable<Hop['request']['exchange']['upgrade']>;

/** `pods/exec` and `pods/attach`. */
export const serveCommand =
  (kind: 'exec' | 'attach'): HopHandler =>
  async (hop) => {
    const { exchange, object, container } = hop.request;
    const connection = upgradeOf(hop);
    const wants = (name: string): boolean => isTrue(exchange.query.get(name));
    const asked = {
      stdin: wants('stdin'),
      stdout: wants('stdout'),
      // a terminal has one stream
      stderr: wants('stderr') && !wants('tty'),
      tty: wants('tty'),
    };
    const command = exchange.query.getAll('command');
    const open = () => agentOf(hop).stream(kind, { ...podOf(object), container, command, ...asked });
    if (!wantsWebSocket(connection.request)) return join(connection, await open());
    const protocol = negotiate(connection, Object.keys(COMMAND_PROTOCOLS));
    const address = await open();
    const runtime = await connect(address, [SPDY_COMMAND_PROTOCOL]);
    const tty = address.tty ?? asked.tty;
    const streams = { ...asked, tty, stderr: asked.stderr && !tty };
    await bridge(connection, protocol, runtime, async (webSocket) => {
      const { base64 = false } = COMMAND_PROTOCOLS[protocol] ?? {};
      await bridgeCommand(
        new ChannelSocket(webSocket, base64),
        new SpdyClient(runtime.socket, runtime.head),
        streams,
        protocol,
      );
    });
  };

/** `pods/portforward`. */
export const servePorts: HopHandler = async (hop) => {
  const connection = upgradeOf(hop);
  const ports = hop.request.exchange.query.getAll('ports').flatMap((text) => text.split(',').map(portOf));
  const open = () => agentOf(hop).stream('portforward', { ...podOf(hop.request.object), ports });
  if (!wantsWebSocket(connection.request)) return join(connection, await open());
  const protocol = negotiate(connection, [TUNNEL_PROTOCOL, ...Object.keys(PORT_PROTOCOLS)]);
  if (protocol !== TUNNEL_PROTOCOL && ports.length === 0)
    throw errors.badRequest('query parameter "ports" is required');
  const runtime = await connect(await open(), [SPDY_PORT_PROTOCOL]);
  await bridge(connection, protocol, runtime, async (webSocket) => {
    if (protocol === TUNNEL_PROTOCOL) {
      if (runtime.head.length > 0) runtime.socket.unshift(runtime.head);
      await tunnel(webSocket, runtime.socket);
      return;
    }
    const client = new ChannelSocket(webSocket, PORT_PROTOCOLS[protocol] ?? false);
    await bridgePorts(client, new SpdyClient(runtime.socket, runtime.head), ports);
  });
};

function podOf(object: KubeObject) {
  const { namespace = '', name = '' } = object.metadata;
  return { uid: uidOf(object), namespace, name };
}

function upgradeOf({ request }: Hop): Connection {
  const { upgrade } = request.exchange;
  if (!upgrade) throw errors.badRequest('Upgrade request required');
  return upgrade;
}

function negotiate({ request }: Connection, known: readonly string[]): string {
  const protocol = chooseProtocol(request, known);
  if (protocol !== undefined) return protocol;
  const offered = request.headers['sec-websocket-protocol'] ?? '';
  throw errors.badRequest(
    `unable to negotiate protocol: client supports [${offered}], server supports [${known.filter(Boolean).join(', ')}]`,
  );
}

/** Both sides speak SPDY/3.1: after the handshake nothing of it is read here. */
async function join(connection: Connection, address: StreamAddress): Promise<void> {
  const { headersDistinct } = connection.request;
  const runtime = await connect(address, headersDistinct['x-stream-protocol-version'] ?? []);
  const client = connection.take();
  if (client.destroyed) {
    runtime.socket.destroy();
    return;
  }
  sendSwitch(client, runtime);
  if (connection.head.length > 0) runtime.socket.write(connection.head);
  await splice(client, runtime.socket);
}

async function connect({ url, socket }: StreamAddress, protocols: readonly string[]): Promise<Upgraded> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'SPDY/3.1',
    ...(protocols.length > 0 ? { 'x-stream-protocol-version': [...protocols] } : {}),
  };
  const result = await dialUpgrade({
    url,
    method: 'POST',
    headers,
    ...(socket ? { socket } : {}),
  }).catch((error: unknown) => {
    throw errors.internal(`the runtime's streams cannot be reached: ${messageOf(error)}`);
  });
  if (!('answer' in result)) return result;
  const [reason = ''] = (await textOf(result.answer)).trim().split('\n');
  // it speaks none of the client's protocols
  if (result.answer.statusCode === 403) throw errors.badRequest(reason);
  throw errors.internal(`error dialing backend: ${reason}`);
}

type WebSocket = NonNullable<Awaited<ReturnType<typeof acceptWebSocket>>>;

async function bridge(
  connection: Connection,
  protocol: string,
  runtime: Upgraded,
  carry: (webSocket: WebSocket) => Promise<void>,
): Promise<void> {
  const { request, head } = connection;
  try {
    const webSocket = await acceptWebSocket({ request, head, socket: connection.take() }, protocol);
    if (webSocket) await carry(webSocket);
  } finally {
    runtime.socket.destroy();
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw errors.badRequest(`port ${JSON.stringify(text)} is no number from 1 to 65535`);
}

/** apimachinery's reading of booleans in queries. */
function isTrue(value: string | null): boolean {
  return value !== null && value.toLowerCase() !== 'false' && value !== '0';
}
