import type { IncomingMessage } from 'node:http';
import { type KubeObject, type Status, StatusError } from '@sampan/api';
import { messageOf, SampanError } from '@sampan/base';
import type { WatchEvent, WatchHandlers } from '../client.ts';
import { errorOf, statusError } from './answers.ts';
import { Lines } from './lines.ts';
import type { HttpCall, Transport } from './transport.ts';

/** Objects are at most 1.5 MiB when stored; a Status or a big custom resource elsewhere may be more. */
const MOST_LINE_BYTES = 32 * 1024 * 1024;

/** Reads a watch's stream of JSON lines. The returned function ends it; nothing is called afterwards. */
export function streamWatch<T extends KubeObject>(
  transport: Transport,
  call: HttpCall,
  handlers: WatchHandlers<T>,
): () => void {
  let live = true;
  let abort = () => {};
  const end = (error?: Error) => {
    if (!live) return;
    live = false;
    abort();
    handlers.onEnd(error);
  };
  const onLine = (line: string) => {
    if (!live) return;
    const event = JSON.parse(line) as { type: string; object: unknown };
    if (event.type === 'ERROR') end(statusError(event.object as Status));
    else handlers.onEvent(event as WatchEvent<T>);
  };
  abort = transport.stream(call, (response) => readStream(response, onLine, end), end);
  return () => {
    live = false;
    abort();
  };
}

function readStream(
  response: IncomingMessage,
  onLine: (line: string) => void,
  end: (error?: Error) => void,
): void {
  const status = response.statusCode ?? 0;
  if (status !== 200) {
    readError(response, status, end);
    return;
  }
  const lines = new Lines(onLine, MOST_LINE_BYTES);
  response.on('data', (chunk: Buffer) => {
    try {
      lines.push(chunk);
    } catch (error) {
      end(
        error instanceof StatusError
          ? error
          : new SampanError('client-connection', `a watch cannot be read: ${messageOf(error)}`, {
              cause: error,
            }),
      );
    }
  });
  response.on('end', () => end());
  response.on('error', (error) =>
    end(new SampanError('client-connection', `a watch broke off: ${error.message}`, { cause: error })),
  );
}

function readError(response: IncomingMessage, status: number, end: (error: Error) => void): void {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('end', () => end(errorOf({ status, body: Buffer.concat(chunks) })));
  response.on('error', (error) => end(error));
}
