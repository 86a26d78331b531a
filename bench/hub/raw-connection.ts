/** HTTP/1.1 with as little work as can be, so that on few processors the registry and not its client is measured. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Its bytes are counted and dropped. */
  readonly bytes: number;
}

interface Reading {
  head: string;
  answer: { status: number; headers: Map<string, string> } | undefined;
  left: number;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

const READ_BYTES = 1024 * 1024;

/** One connection, used by one request at a time. Answers must have a Content-Length. */
export class RawConnection {
  readonly #socket: Socket;
  readonly #host: string;
  #reading: Reading | undefined;

  /** `ca`: PEM of whom it trusts over TLS; absent: in plain HTTP. */
  constructor(port: number, ca?: string) {
    this.#host = `127.0.0.1:${port}`;
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const options = {
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer,
        callback: (size: number) => {
          this.#read(buffer.subarray(0, size));
          return true;
        },
      },
    };
    this.#socket = ca === undefined ? connect(options) : connectTls({ ...options, ca });
    this.#socket.on('error', (error) => this.#reading?.reject(error));
    this.#socket.on('close', () => this.#reading?.reject(new Error('the connection was closed')));
  }

  /** `body`: pieces of `length` bytes in all, each sent when the one before is on its way. */
  async request(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: { readonly length: number; readonly pieces: Iterable<Uint8Array> },
  ): Promise<Answer> {
    const lines = Object.entries({
      ...headers,
      host: this.#host,
      'content-length': String(body?.length ?? 0),
    }).map(([name, value]) => `${name}: ${value}`);
    const answered = new Promise<Answer>((resolve, reject) => {
      this.#reading = { head: '', answer: undefined, left: 0, resolve, reject };
    });
    answered.catch(() => undefined);
    this.#socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    for (const piece of body?.pieces ?? []) {
      if (this.#reading === undefined) break;
      if (!this.#socket.write(piece)) await new Promise((resolve) => this.#socket.once('drain', resolve));
    }
    return answered;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    const reading = this.#reading;
    if (!reading) return;
    let size = bytes.length;
    if (!reading.answer) {
      const before = reading.head.length;
      reading.head += bytes.toString('latin1', 0, Math.min(size, 16_384));
      const end = reading.head.indexOf('\r\n\r\n');
      if (end < 0) return;
      size -= end + 4 - before;
      reading.answer = parseHead(reading.head.slice(0, end));
      reading.left = Number(reading.answer.headers.get('content-length') ?? 0);
    }
    reading.left -= size;
    if (reading.left > 0) return;
    this.#reading = undefined;
    const { status, headers } = reading.answer;
    reading.resolve({ status, headers, bytes: Number(headers.get('content-length') ?? 0) });
  }
}

function parseHead(head: string): { status: number; headers: Map<string, string> } {
  const [first = '', ...lines] = head.split('\r\n');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { status: Number(first.split(' ')[1]), headers };
}
