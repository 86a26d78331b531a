/** Creates ConfigMaps as fast as the server takes them, on raw TLS sockets: Node's own client would be the brake. */
import { connect } from 'node:tls';
import { now } from './monotonic.ts';

const CONNECTIONS = 32;
const PADDING = 'x'.repeat(380);

export interface Changes {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly token: string;
  readonly changes: number;
}

/** Resolves with the time at which each change was sent, ascending. Throws when one is not answered with 201. */
export async function sendChanges(options: Changes): Promise<number[]> {
  const sent: number[] = [];
  const next = (): Buffer | undefined => {
    if (sent.length === options.changes) return undefined;
    const request = create(options, sent.length);
    sent.push(now());
    return request;
  };
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => open(options)));
  await Promise.all(sockets.map((socket) => pump(socket, next)));
  return sent;
}

async function open({ host, port }: Changes) {
  const socket = connect({ host, port, rejectUnauthorized: false });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
  return socket;
}

function create({ host, path, token }: Changes, n: number): Buffer {
  const body = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"change-${n}"},"data":{"text":"${PADDING}"}}`;
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nAccept: application/json\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

/** Sends requests one after the other until there are no more. */
function pump(socket: Awaited<ReturnType<typeof open>>, next: () => Buffer | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const send = () => {
      const request = next();
      if (request) return void socket.write(request);
      socket.end();
      resolve();
    };
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const length = answerLength(text);
      if (length === undefined || text.length < length) return;
      if (!text.startsWith('HTTP/1.1 201')) return reject(new Error(text));
      text = text.slice(length);
      send();
    });
    send();
  });
}

/** Bytes of the whole first answer, once its head is there. */
function answerLength(text: string): number | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const length = /^content-length: (\d+)/im.exec(text.slice(0, end))?.[1];
  if (length === undefined) throw new Error(`an answer without length: ${text.slice(0, end)}`);
  return end + 4 + Number(length);
}
