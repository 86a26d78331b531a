import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Logger, messageOf, SampanError } from '@sampan/base';
import { CERTIFICATE_HEADER } from '@sampan/machinery';
import { type Asker, FairQueue } from './fair-queue.ts';
import type { Guests } from './guests.ts';

const PATH = /^\/clusters\/([^/?]+)(\/[^?]*)?(\?.*)?$/s;

/** Which cluster a path is for, and the path within it. Pure. */
export function splitPath(url: string): { readonly name: string; readonly rest: string } | undefined {
  const [, name, path = '/', query = ''] = PATH.exec(url) ?? [];
  return name === undefined ? undefined : { name, rest: path + query };
}

/** Serves the APIs of guests on a Unix socket, to the server process alone. Returns what ends it. */
export async function serveGuests(
  guests: Guests,
  socketPath: string,
  log: Logger,
): Promise<() => Promise<void>> {
  const queue = new FairQueue();
  const server = createServer(
    { maxHeaderSize: 256 * 1024, requestTimeout: 0, keepAliveTimeout: 0, shouldUpgradeCallback: () => true },
    (request, response) => void serve(request, response),
  );
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    void upgrade(request, socket, head);
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // nobody else listens once it is taken for another protocol: an error that nobody hears ends the process
    socket.on('error', () => socket.destroy());
  });
  rmSync(socketPath, { force: true });
  const umask = process.umask(0o177);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  }).finally(() => process.umask(umask));
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { name, rest } = targetOf(request);
      await queue.run(askerOf(request, name, rest), async () => {
        if (response.closed) return;
        const over = closeOf(response);
        const { guest, end } = await guests.use(name, () => response.destroy());
        // gone while it woke
        if (response.closed) return end();
        response.once('close', end);
        await guest.api.handle(request, response, rest);
        // what is not sent yet is held for it
        await over;
      });
    } catch (error) {
      const { code, body, headers } = answerTo(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(code, headers).end(body);
    }
  }

  async function upgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    try {
      const { name, rest } = targetOf(request);
      await queue.run({ ...askerOf(request, name, rest), isStream: true }, async () => {
        if (socket.closed) return;
        const over = closeOf(socket);
        const { guest, end } = await guests.use(name, () => socket.destroy());
        if (socket.closed) return end();
        socket.once('close', end);
        await guest.api.handleUpgrade(request, socket, head, rest);
        await over;
      });
    } catch (error) {
      const { code, body, headers } = answerTo(error);
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.end(`HTTP/1.1 ${code} Failed\r\n${lines.join('')}\r\n${body}`);
    }
  }

  /** Throws `guest-missing`. */
  function targetOf(request: IncomingMessage): { readonly name: string; readonly rest: string } {
    const target = splitPath(request.url ?? '');
    if (!target) throw new SampanError('guest-missing', 'the path names no cluster');
    return target;
  }

  function askerOf({ headers }: IncomingMessage, cluster: string, rest: string): Asker {
    const certificate = headers[CERTIFICATE_HEADER];
    return {
      cluster,
      user: headers.authorization ?? String(certificate ?? ''),
      isStream: STREAMS.test(rest),
      perSecond: guests.requestsPerSecond(cluster),
    };
  }

  function answerTo(error: unknown): Answer {
    const { code: name, message: told } = error instanceof SampanError ? error : NO_ERROR;
    const known = name === 'too-many-requests' ? { ...TOO_MANY, message: told } : ANSWERS[name];
    if (!known) log.error('a cluster could not be woken', { error: messageOf(error) });
    const { code, reason, message } = known ?? UNKNOWN;
    const status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      code,
    };
    const body = JSON.stringify(status);
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(code === TOO_MANY.code ? { 'retry-after': 1 } : {}),
    };
    return { code, body, headers };
  }
}

interface Answer {
  readonly code: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | number>>;
}

/** Requests that may stay: watches, and what follows or passes through to something else. Guessed: it only counts. */
const STREAMS = /[?&](watch|follow)=(true|1)\b|\/(proxy|log|exec|attach|portforward)\b|\/watch\//;

const closeOf = (stream: NodeJS.EventEmitter): Promise<void> =>
  new Promise((resolve) => {
    stream.once('close', resolve);
  });

const NO_ERROR = { code: '', message: '' };
const TOO_MANY = { code: 429, reason: 'TooManyRequests' };

const UNKNOWN = { code: 503, reason: 'ServiceUnavailable', message: 'the cluster cannot be opened' };
const MISSING = { code: 404, reason: 'NotFound', message: 'there is no such cluster' };

/** By the codes of errors: what strangers, who may ask for any name, are told. */
const ANSWERS: Readonly<Record<string, typeof UNKNOWN>> = {
  'guest-missing': MISSING,
  'guest-name': MISSING,
  'guest-paused': { ...UNKNOWN, message: 'the cluster is paused' },
  'guest-deleted': { ...UNKNOWN, message: 'the cluster is in the trash' },
};
