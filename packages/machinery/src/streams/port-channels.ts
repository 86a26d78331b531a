import { drain, feed } from './channel-streams.ts';
import type { SpdyClient } from './spdy/spdy-client.ts';
import type { ChannelSocket } from './websocket/channel-socket.ts';

/** WebSocket subprotocols of port-forward with two channels a port: whether they are base64. */
export const PORT_PROTOCOLS: Readonly<Record<string, boolean>> = {
  '': false,
  'v4.channel.k8s.io': false,
  'v4.base64.channel.k8s.io': true,
};

/** SPDY/3.1 carried in a WebSocket (KEP-4006). */
export const TUNNEL_PROTOCOL = 'SPDY/3.1+portforward.k8s.io';
export const SPDY_PORT_PROTOCOL = 'portforward.k8s.io';

/**
 * Carries one connection to each of `ports` between a client's WebSocket and a runtime's SPDY connection: channel 2n is
 * the data of port n, 2n+1 its errors; each begins with the port in two bytes, little-endian (kubernetes kubelet
 * pkg/cri/streaming/portforward/websocket.go). Owns both; never rejects.
 */
export async function bridgePorts(
  client: ChannelSocket,
  server: SpdyClient,
  ports: readonly number[],
): Promise<void> {
  const data = ports.map((port, index) => {
    const headers = { port: String(port), requestID: String(index) };
    const errors = server.open({ ...headers, streamType: 'error' });
    errors.end();
    return { port, errors, stream: server.open({ ...headers, streamType: 'data' }) };
  });
  client.listen(({ channel, payload }) => {
    const stream = channel % 2 === 0 ? data[channel / 2]?.stream : undefined;
    if (stream) feed(client, stream, payload);
  });
  void client.closed.then(() => server.destroy());
  await Promise.all(
    data.map(async ({ port, stream, errors }, index) => {
      const number = Buffer.from([port & 0xff, port >> 8]);
      await client.send(2 * index, number);
      await client.send(2 * index + 1, number);
      await Promise.all([drain(stream, 2 * index, client), drain(errors, 2 * index + 1, client)]);
    }),
  );
  server.destroy();
  client.close();
  await client.closed;
}
