import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

/** A connection whose client asked for an upgrade, and what came behind the request. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** As Go's golang.org/x/net/websocket has it, which kubelets use. */
const MOST_MESSAGE_BYTES = 32 << 20;

const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: MOST_MESSAGE_BYTES,
  handleProtocols: () => false,
});

/**
 * The first protocol of the client's that is known here. '' when the client names none and that is `known` too;
 * undefined: there is none in common.
 */
export function chooseProtocol(request: IncomingMessage, known: readonly string[]): string | undefined {
  const offered = (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    // a way to send a token, not a protocol (kubernetes apiserver pkg/authentication/request/websocket)
    .filter((name) => name !== '' && !name.startsWith('base64url.bearer.authorization.k8s.io.'));
  if (offered.length === 0) return known.includes('') ? '' : undefined;
  return offered.find((name) => known.includes(name));
}

/** Completes the handshake (RFC 6455 section 4.2.2) with a protocol of `chooseProtocol`. The WebSocket is the caller's. */
export function acceptWebSocket({ request, socket, head }: Upgrade, protocol: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const refuse = (): void => reject(new Error('the client ended the connection during the handshake'));
    socket.once('close', refuse);
    const choose = (headers: string[], asked: IncomingMessage): void => {
      if (asked === request && protocol !== '') headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
    };
    server.on('headers', choose);
    server.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('close', refuse);
      // errors are followed by `close`, which everybody listens to
      webSocket.on('error', () => {});
      resolve(webSocket);
    });
    server.off('headers', choose);
  });
}

/** Whether the client asks for a WebSocket. */
export const wantsWebSocket = (request: IncomingMessage): boolean =>
  request.headers.upgrade?.toLowerCase() === 'websocket';
