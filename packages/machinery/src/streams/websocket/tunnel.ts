import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket } from 'ws';
import { splice } from '../splice.ts';

/** Carries a connection's bytes in binary messages (KEP-4006: SPDY/3.1 within a WebSocket). Owns both; never rejects. */
export function tunnel(webSocket: WebSocket, socket: Duplex): Promise<void> {
  return splice(createWebSocketStream(webSocket), socket);
}
