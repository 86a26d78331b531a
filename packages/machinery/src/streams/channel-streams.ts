import type { SpdyStream } from './spdy/spdy-stream.ts';
import type { ChannelSocket } from './websocket/channel-socket.ts';

/** Writes a client's message to a stream; has the client wait while the stream does not take what it sends. */
export function feed(client: ChannelSocket, stream: SpdyStream, payload: Buffer): void {
  if (stream.writableEnded || stream.destroyed || payload.length === 0) return;
  // messages that were read already come yet while the client waits
  const waits = stream.writableNeedDrain;
  if (stream.write(payload) || waits) return;
  client.block(stream, true);
  const goOn = (): void => {
    stream.off('drain', goOn).off('close', goOn);
    client.block(stream, false);
  };
  stream.on('drain', goOn).on('close', goOn);
}

/** Sends what a stream gives to a channel, at the client's pace, until it ends. Never rejects. */
export async function drain(stream: SpdyStream, channel: number, client: ChannelSocket): Promise<void> {
  try {
    for await (const chunk of stream) await client.send(channel, chunk as Buffer);
  } catch {
    // it broke: the end of the connection, or what is on its error stream, tells the client
  }
}
