import { createServer, type IncomingHttpHeaders } from 'node:http';
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
  headers: Record<string, string> = {};
  readonly #close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  static async start(): Promise<Receiver> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { url: path = '', headers } = request;
        receiver.received.push({ path, headers, body: Buffer.concat(chunks).toString() });
        response.writeHead(receiver.status, receiver.headers).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const receiver = new Receiver(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
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
