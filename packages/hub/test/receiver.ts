import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Message {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A server that webhooks are sent to; answers with `status`. */
export class Receiver implements AsyncDisposable {
  readonly url: string;
  readonly received: Received[] = [];
  status = 204;
  /** What has this in its text is never answered. */
  ignores = '';
  headers: Record<string, string> = {};
  /** Answers wait for it. */
  until: Promise<unknown> = Promise.resolve();
  readonly #close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  /** `tls`: PEM texts; absent: plain HTTP. */
  static async start(tls?: { readonly cert: string; readonly key: string }): Promise<Receiver> {
    const answer: RequestListener = (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { url: path = '', headers } = request;
        const body = Buffer.concat(chunks).toString();
        receiver.received.push({ path, headers, body });
        if (receiver.ignores !== '' && body.includes(receiver.ignores)) return;
        void receiver.until.then(() => response.writeHead(receiver.status, receiver.headers).end());
      });
    };
    const server = tls ? createSecureServer(tls, answer) : createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const receiver = new Receiver(
      `http${tls ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
      async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    );
    return receiver;
  }

  get messages(): Message[] {
    return this.received.map(({ body }) => JSON.parse(body) as Message);
  }

  get subjects(): string[] {
    return this.messages.map(({ type, subject }) => `${type.split('.').at(-1)} ${subject}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}
