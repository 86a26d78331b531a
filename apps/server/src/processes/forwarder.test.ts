import { createHash, type Hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { Agent, request as requestHttp1 } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from '@sampan/apiserver';
import { createCertificateAuthority, issueCertificate } from '@sampan/machinery';
import { describe, expect, it } from 'vitest';
import { Forwarder } from './forwarder.ts';

const MB = 1 << 20;

interface Port {
  readonly url: string;
  readonly ca: string;
  close(): Promise<void>;
}

/** A TLS port, and behind it, at a Unix socket, a server that answers by `answer`. */
async function startPort(answer: RequestListener): Promise<Port> {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-forwarder-'));
  const socketPath = join(folder, 'socket');
  const server = createServer(answer).listen(socketPath);
  await once(server, 'listening');
  const forwarder = new Forwarder({
    socketPath,
    ready: async () => {},
    told: () => ({}),
    unavailable: (message) => ({ message }),
  });
  const { certificatePem: ca, ...authority } = createCertificateAuthority('test');
  const serving = issueCertificate(
    { certificatePem: ca, ...authority },
    {
      subject: { commonName: 'server', organizations: [] },
      usages: ['server auth'],
      ipAddresses: ['127.0.0.1'],
    },
  );
  const listener = await listen({
    port: 0,
    certificate: serving.certificatePem,
    key: serving.privateKeyPem ?? '',
    clientCa: ca,
    handle: (request, response) => void forwarder.request(request, response),
  });
  return {
    url: `https://127.0.0.1:${listener.port}`,
    ca,
    async close() {
      await listener.close();
      forwarder.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}

interface Exchange {
  readonly body: Writable;
  readonly answer: Promise<{ readonly status: number; readonly body: Readable }>;
}

/** One connection. */
interface Client {
  post(headers?: Readonly<Record<string, string>>): Exchange;
  close(): void;
}

function overHttp1({ url, ca }: Port): Client {
  const agent = new Agent({ ca, keepAlive: true, maxSockets: 64 });
  return {
    post(headers = {}) {
      const body = requestHttp1(url, { agent, method: 'POST', headers });
      const answer = once(body, 'response').then(([message]) => {
        const { statusCode = 0 } = message as IncomingMessage;
        return { status: statusCode, body: message as IncomingMessage };
      });
      return { body, answer };
    },
    close: () => agent.destroy(),
  };
}

function overHttp2({ url, ca }: Port): Client {
  const session: ClientHttp2Session = connectHttp2(url, { ca });
  session.on('error', () => {});
  return {
    post(headers = {}) {
      const body = session.request({ ':method': 'POST', ':path': '/', ...headers });
      const answer = once(body, 'response').then(([head]) => ({
        status: Number((head as Record<string, unknown>)[':status']),
        body,
      }));
      return { body, answer };
    },
    close: () => session.destroy(),
  };
}

const PROTOCOLS = [
  { protocol: 'HTTP/1.1', connect: overHttp1 },
  { protocol: 'HTTP/2', connect: overHttp2 },
];

/** Writes what is taken; ends with how much it was when `bytes` are through, or nothing was taken for a second. */
async function writeWhileTaken(to: Writable, bytes: number, hash?: Hash): Promise<number> {
  let written = 0;
  while (written < bytes) {
    const piece = randomBytes(Math.min(MB, bytes - written));
    hash?.update(piece);
    written += piece.length;
    if (to.write(piece)) continue;
    const isTaken = await Promise.race([once(to, 'drain').then(() => true), sleep(1000, false)]);
    if (!isTaken) return written;
  }
  return written;
}

async function digestOf(body: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of body) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** What sockets on the way hold, with room to spare. */
const HELD_BYTES = 32 * MB;

describe.concurrent.each(PROTOCOLS)('over $protocol', ({ connect }) => {
  async function use(answer: RequestListener, task: (client: Client) => Promise<void>): Promise<void> {
    const port = await startPort(answer);
    const client = connect(port);
    try {
      await task(client);
    } finally {
      client.close();
      await port.close();
    }
  }

  it('carries bodies both ways as they are, one after another', () =>
    use(
      (request, response) => request.pipe(response),
      async (client) => {
        for (const size of [0, 1, 5000, 3 * MB + 1, 17, 40 * MB]) {
          for (const isTold of [true, false]) {
            const { body, answer } = client.post(isTold ? { 'content-length': String(size) } : {});
            const hash = createHash('sha256');
            const got = answer.then(({ body }) => digestOf(body));
            for (let left = size; left > 0; left -= MB) {
              const piece = randomBytes(Math.min(MB, left));
              hash.update(piece);
              if (!body.write(piece)) await once(body, 'drain');
            }
            body.end();
            expect(await got).toBe(hash.digest('hex'));
          }
        }
      },
    ));

  it('reads a request no faster than it is taken', () => {
    const { promise: arrived, resolve: arrives } = Promise.withResolvers<() => Promise<unknown>>();
    return use(
      (request, response) => arrives(async () => response.end(await digestOf(request))),
      async (client) => {
        const { body, answer } = client.post();
        const hash = createHash('sha256');
        const held = await writeWhileTaken(body, 256 * MB, hash);
        expect(held).toBeGreaterThan(0);
        expect(held).toBeLessThan(HELD_BYTES);
        const take = await arrived;
        const taken = take();
        await writeWhileTaken(body, 64 * MB, hash);
        body.end();
        const chunks = await (await answer).body.toArray();
        await taken;
        expect(Buffer.concat(chunks).toString()).toBe(hash.digest('hex'));
      },
    );
  });

  it('reads an answer no faster than the client does', () => {
    const hash = createHash('sha256');
    let held: Promise<number> = Promise.resolve(0);
    let more: () => Promise<void> = () => Promise.reject();
    return use(
      (_request, response) => {
        held = writeWhileTaken(response, 256 * MB, hash);
        more = async () => {
          await writeWhileTaken(response, 64 * MB, hash);
          response.end();
        };
      },
      async (client) => {
        const { body, answer } = client.post();
        body.end();
        const { body: got } = await answer;
        expect(await held).toBeLessThan(HELD_BYTES);
        const [digest] = await Promise.all([digestOf(got), more()]);
        expect(digest).toBe(hash.digest('hex'));
      },
    );
  });

  it('takes requests beside many that stand still', () =>
    use(
      (request, response) => {
        if (request.headers.standing === undefined) response.end('here');
        else void writeWhileTaken(response, 64 * MB);
      },
      async (client) => {
        const standing = Array.from({ length: 40 }, () => client.post({ standing: 'yes' }));
        for (const { body, answer } of standing) {
          body.on('error', () => {}).end();
          await answer;
        }
        await sleep(1000);
        const { body, answer } = client.post();
        body.end();
        const got = await (await answer).body.toArray();
        expect(Buffer.concat(got).toString()).toBe('here');
      },
    ));

  it('lets who sends on after a refusal read it, and ends the request then', () =>
    use(
      (request, response) => {
        response.writeHead(403, { 'content-length': '0' }).end();
        request.resume();
        setTimeout(() => request.destroy(), 200);
      },
      async (client) => {
        const { body, answer } = client.post();
        body.on('error', () => {});
        const closed = new Promise((resolve) => body.once('close', resolve));
        const sending = (async () => {
          while (!body.destroyed)
            if (!body.write(randomBytes(1000))) await Promise.race([once(body, 'drain'), closed]);
            else await sleep(1);
        })();
        expect((await answer).status).toBe(403);
        await Promise.all([closed, sending]);
      },
    ));

  it('breaks off what the client broke off', () => {
    const { promise: broken, resolve: breaks } = Promise.withResolvers<Error>();
    const { promise: arrived, resolve: arrives } = Promise.withResolvers<void>();
    return use(
      (request) => {
        request.resume().once('error', breaks);
        arrives();
      },
      async (client) => {
        const { body, answer } = client.post();
        body.on('error', () => {});
        answer.catch(() => {});
        await writeWhileTaken(body, 64 * MB);
        await arrived;
        body.destroy();
        await broken;
      },
    );
  });

  it('does not take what came before the client broke off for all', () => {
    const { promise: over, resolve: isOver } = Promise.withResolvers<string>();
    const { promise: arrived, resolve: arrives } = Promise.withResolvers<void>();
    return use(
      (request) => {
        request.once('data', () => arrives());
        request.once('end', () => isOver('complete')).once('error', () => isOver('broken off'));
      },
      async (client) => {
        const { body, answer } = client.post();
        body.on('error', () => {});
        answer.catch(() => {});
        body.write(Buffer.alloc(1000));
        await arrived;
        body.destroy();
        expect(await over).toBe('broken off');
      },
    );
  });

  it('breaks an answer off where it was broken off', () =>
    use(
      (_request, response) => {
        response.writeHead(200, { 'content-length': String(64 * MB) });
        response.write(Buffer.alloc(4 * MB), () => response.destroy());
      },
      async (client) => {
        const { body, answer } = client.post();
        body.on('error', () => {}).end();
        const { body: got } = await answer;
        await expect(digestOf(got)).rejects.toThrow();
      },
    ));
});
