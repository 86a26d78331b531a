import type { IncomingMessage } from 'node:http';

/** So long and so much of a body that was refused is read and thrown away; then the connection is cut. */
const LINGER_MS = 5000;
const LINGER_BYTES = 64 << 20;

/**
 * Reads on after a refusal, for a while: were the connection closed with bytes unread, many a client would meet a reset
 * before it reads why (RFC 9112, section 9.6).
 */
export function linger(incoming: IncomingMessage): void {
  if (incoming.complete || incoming.destroyed) return;
  const { socket } = incoming;
  const last = socket.bytesRead + LINGER_BYTES;
  const cut = () => void socket.destroy();
  const timer = setTimeout(cut, LINGER_MS);
  incoming.on('data', () => {
    if (socket.bytesRead > last) cut();
  });
  incoming.once('end', () => clearTimeout(timer));
  incoming.once('close', () => clearTimeout(timer));
}
