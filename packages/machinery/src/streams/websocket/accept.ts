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

const PING_MS = 30_000;

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
  const offered = offeredProtocols(request);
  if (offered.length === 0) return known.includes('') ? '' : undefined;
  return offered.find((name) => known.includes(name));
}

/** The client's first protocol, whatever it is; '' when it names none. */
export const chooseAnyProtocol = (request: IncomingMessage): string => offeredProtocols(request)[0] ?? '';

function offeredProtocols(request: IncomingMessage): string[] {
  return (
    (request.headers['sec-websocket-protocol'] ?? '')
      .split(',')
      .map((name) => name.trim())
      // a way to send a token, not a protocol (kubernetes apiserver pkg/authentication/request/websocket)
      .filter((name) => name !== '' && !name.startsWith('base64url.bearer.authorization.k8s.io.'))
  );
}

/**
 * Completes the handshake (RFC 6455 section 4.2.2) with a protocol of `chooseProtocol`. The WebSocket is the caller's;
 * undefined: the client is gone, or asked wrongly and was told so.
 */
export function acceptWebSocket(
  { request, socket, head }: Upgrade,
  protocol: string,
): Promise<WebSocket | undefined> {
  // chosen already; and a name with a slash (SPDY/3.1+…) is none to the letter of the RFC
  delete request.headers['sec-websocket-protocol'];
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve(undefined);
    const gone = (): void => resolve(undefined);
    socket.once('close', gone);
    const tell = (headers: string[], asked: IncomingMessage): void => {
      if (asked === request && protocol !== '') headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
    };
    server.on('headers', tell);
    server.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('close', gone);
      // errors are followed by `close`, which everybody listens to
      webSocket.on('error', () => {});
      watchOver(webSocket);
      resolve(webSocket);
    });
    server.off('headers', tell);
  });
}

/** A client that is gone while nothing is read of it shows when something is written to it. */
function watchOver(webSocket: WebSocket): void {
  const timer = setInterval(() => webSocket.ping(), PING_MS);
  timer.unref();
  webSocket.on('close', () => clearInterval(timer));
}

/** Whether the client asks for a WebSocket. */
export const wantsWebSocket = (request: IncomingMessage): boolean =>
  request.headers.upgrade?.toLowerCase() === 'websocket';
