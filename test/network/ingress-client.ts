import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** The name of the pod that answered, else the status. */
export const whoOf = ({ status, body }: Answer): string =>
  status === 200 ? (JSON.parse(body) as { name: string }).name : String(status);

/** A request to the proxy on loopback as if the host's name led there. Connections are kept by the agent. */
export async function get(
  port: number,
  host: string,
  path = '/',
  agent?: Agent,
  address = '127.0.0.1',
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const call = request({ host: address, port, path, headers: { host }, ...(agent ? { agent } : {}) });
  call.once('error', reject).once('response', (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (part: string) => {
      body += part;
    });
    response.once('error', reject).once('end', () => resolve({ status: response.statusCode ?? 0, body }));
  });
  call.end();
  return await promise;
}

/** Asks again and again over kept connections until `stop`, which tells what went wrong. */
export class Hammer {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });
  readonly #loops: Promise<void>[];
  readonly #failures: string[] = [];
  readonly #seen = new Map<string, number>();
  #isStopped = false;

  constructor(port: number, host: string) {
    this.#loops = Array.from({ length: 8 }, () => this.#loop(port, host));
  }

  async #loop(port: number, host: string): Promise<void> {
    while (!this.#isStopped) {
      try {
        const who = whoOf(await get(port, host, '/', this.#agent));
        this.#seen.set(who, (this.#seen.get(who) ?? 0) + 1);
        if (/^\d/.test(who)) this.#failures.push(who);
      } catch (error) {
        this.#failures.push(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async stop(): Promise<{ failures: readonly string[]; seen: ReadonlyMap<string, number> }> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
    this.#agent.destroy();
    return { failures: this.#failures, seen: this.#seen };
  }
}

/** A connection that was upgraded to an echo. */
export async function openEcho(port: number, host: string) {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.setEncoding('utf8');
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`);
  const [head] = (await once(socket, 'data')) as [string];
  if (!head.startsWith('HTTP/1.1 101')) throw new Error(head);
  return {
    async say(text: string): Promise<string> {
      socket.write(text);
      const [answer] = (await once(socket, 'data')) as [string];
      return answer;
    },
    close: () => socket.destroy(),
  };
}

/** The subject of the certificate that a client sees who names the host. */
export async function certificateOf(port: number, servername: string): Promise<string | undefined> {
  const socket = connectTls({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return Array.isArray(CN) ? CN[0] : CN;
}

/** Over HTTP/2 and TLS. */
export async function getHttp2(port: number, host: string): Promise<Answer> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { servername: host, rejectUnauthorized: false });
  try {
    const call = session.request({ ':path': '/', ':authority': host });
    const [headers] = (await once(call, 'response')) as [{ ':status'?: number }];
    let body = '';
    for await (const part of call.setEncoding('utf8')) body += part;
    return { status: headers[':status'] ?? 0, body };
  } finally {
    session.close();
  }
}
