import { messageOf } from '@sampan/base';
import { drain, feed } from './channel-streams.ts';
import type { SpdyClient } from './spdy/spdy-client.ts';
import type { SpdyStream } from './spdy/spdy-stream.ts';
import type { ChannelSocket } from './websocket/channel-socket.ts';

/** Which streams a client wants of a command. `stderr` is false with `tty`. */
export interface CommandStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** WebSocket subprotocols of exec and attach, and what each can do (kubernetes kubelet pkg/cri/streaming/remotecommand). */
export const COMMAND_PROTOCOLS: Readonly<
  Record<string, { base64: boolean; status: boolean; closes: boolean }>
> = {
  '': { base64: false, status: false, closes: false },
  'channel.k8s.io': { base64: false, status: false, closes: false },
  'base64.channel.k8s.io': { base64: true, status: false, closes: false },
  'v4.channel.k8s.io': { base64: false, status: true, closes: false },
  'v4.base64.channel.k8s.io': { base64: true, status: true, closes: false },
  'v5.channel.k8s.io': { base64: false, status: true, closes: true },
};

/** What to ask the runtime for: the only version whose error stream carries a Status and that can resize. */
export const SPDY_COMMAND_PROTOCOL = 'v4.channel.k8s.io';

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
/** Success is always said: a client must not take a broken connection for it. */
const NO_STATUS = Buffer.from(
  JSON.stringify({
    metadata: {},
    status: 'Failure',
    message: 'the container runtime ended the connection without saying how the command ended',
    reason: 'InternalError',
    code: 500,
  }),
);
/** A Status is a few hundred bytes; the error stream of a runtime that says more is cut. */
const MOST_STATUS_BYTES = 64 * 1024;

/**
 * Carries a command between a client's WebSocket and a runtime's SPDY connection, until either ends. `protocol` is of
 * `COMMAND_PROTOCOLS`. Owns both; never rejects.
 */
export async function bridgeCommand(
  client: ChannelSocket,
  server: SpdyClient,
  streams: CommandStreams,
  protocol: string,
): Promise<void> {
  const { status = false, closes = false } = COMMAND_PROTOCOLS[protocol] ?? {};
  const open = (streamType: string): SpdyStream => server.open({ streamType });
  const error = open('error');
  const stdin = streams.stdin ? open('stdin') : undefined;
  const stdout = streams.stdout ? open('stdout') : undefined;
  const stderr = streams.stderr ? open('stderr') : undefined;
  const resize = streams.tty ? open('resize') : undefined;
  client.listen(({ channel, payload }) => {
    if (channel === CHANNEL.stdin && stdin) feed(client, stdin, payload);
    else if (channel === CHANNEL.resize && resize) feed(client, resize, payload);
    else if (closes && channel === CHANNEL.close && payload[0] === CHANNEL.stdin) stdin?.end();
  });
  void client.closed.then(() => server.destroy());
  // old clients learn from it that the command has begun
  await client.send(stdout ? CHANNEL.stdout : stderr ? CHANNEL.stderr : CHANNEL.error, Buffer.alloc(0));
  await Promise.all([
    stdout && drain(stdout, CHANNEL.stdout, client),
    stderr && drain(stderr, CHANNEL.stderr, client),
  ]);
  const said = await readAll(error).then((bytes) => (bytes.length > 0 ? bytes : NO_STATUS));
  const told = status ? said : plainError(said);
  if (told.length > 0) await client.send(CHANNEL.error, told);
  server.destroy();
  client.close();
  await client.closed;
}

async function readAll(stream: SpdyStream): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      const part = (chunk as Buffer).subarray(0, MOST_STATUS_BYTES - length);
      length += part.length;
      parts.push(part);
    }
  } catch (error) {
    return Buffer.from(messageOf(error));
  }
  return Buffer.concat(parts);
}

/** What clients before v4 get: nothing when all went well, else the message alone. */
function plainError(status: Buffer): Buffer {
  try {
    const { status: outcome, message = '' } = JSON.parse(status.toString('utf8')) as {
      status?: string;
      message?: string;
    };
    return outcome === 'Success' ? Buffer.alloc(0) : Buffer.from(message);
  } catch {
    return status;
  }
}
