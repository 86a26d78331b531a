import { acceptWebSocket, chooseAnyProtocol, type Upgrade, wantsWebSocket } from '@sampan/machinery/streams';
import type { Exchange } from './exchange.ts';
import { warningHeaders } from './respond.ts';
import { type Frame, writeFrame } from './watch-frames.ts';

/** Where the events of a watch go. */
export interface WatchSink {
  /** Before anything else is called; from then on errors can only be told within the stream. */
  open(): void;
  /** Lets the client know that the watch has begun, though there are no events yet. */
  flush(): void;
  /** How many bytes wait for the client by then. */
  write(frame: Frame): number;
  /** May be called twice. */
  end(last?: string): void;
  destroy(): void;
  onClose(listener: () => void): void;
}

/** An answer of lines, or the messages of a WebSocket when the client asked for one. */
export function watchSink(exchange: Exchange): WatchSink {
  const { upgrade } = exchange;
  return upgrade && wantsWebSocket(upgrade.request) ? new SocketSink(upgrade) : new AnswerSink(exchange);
}

class AnswerSink implements WatchSink {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  open(): void {
    const { response, warnings } = this.#exchange;
    response.statusCode = 200;
    response.setHeader('content-type', 'application/json');
    response.setHeader('cache-control', 'no-cache, private');
    if (warnings.length > 0) response.setHeader('warning', warningHeaders(warnings));
  }

  flush(): void {
    const { response } = this.#exchange;
    if ('flushHeaders' in response) response.flushHeaders();
  }

  write(frame: Frame): number {
    return writeFrame(this.#exchange.response, frame);
  }

  end(last?: string): void {
    if (last === undefined) this.#exchange.response.end();
    else this.#exchange.response.end(last);
  }

  destroy(): void {
    this.#exchange.response.destroy();
  }

  onClose(listener: () => void): void {
    this.#exchange.response.on('close', listener);
  }
}

type Connection = NonNullable<Exchange['upgrade']>;
type WebSocket = NonNullable<Awaited<ReturnType<typeof acceptWebSocket>>>;

/** Each event is a text message (kubernetes apiserver pkg/endpoints/handlers/watch.go HandleWS). */
class SocketSink implements WatchSink {
  readonly #connection: Connection;
  readonly #listeners: (() => void)[] = [];
  #socket: Promise<WebSocket | undefined> = Promise.resolve(undefined);
  #open: WebSocket | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  open(): void {
    const { request, head } = this.#connection;
    const protocol = chooseAnyProtocol(request);
    const upgrade: Upgrade = { request, head, socket: this.#connection.take() };
    this.#socket = acceptWebSocket(upgrade, protocol).then((socket) => {
      this.#open = socket;
      if (socket) socket.on('close', () => this.#closed());
      else this.#closed();
      return socket;
    });
  }

  flush(): void {}

  write(frame: Frame): number {
    const lines = Buffer.from(frame.bytes).toString('utf8').split('\n').filter(Boolean);
    this.#send((socket) => {
      for (const line of lines) socket.send(line);
    });
    return this.#open?.bufferedAmount ?? 0;
  }

  end(last?: string): void {
    this.#send((socket) => {
      if (last !== undefined) socket.send(last.trimEnd());
      socket.close(1000);
    });
  }

  destroy(): void {
    this.#send((socket) => socket.terminate());
  }

  onClose(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** In order: at once when it is open. */
  #send(task: (socket: WebSocket) => void): void {
    if (this.#open) task(this.#open);
    else void this.#socket.then((socket) => socket && task(socket));
  }

  #closed(): void {
    for (const listener of this.#listeners) listener();
  }
}
