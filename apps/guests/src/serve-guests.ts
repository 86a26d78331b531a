import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Logger, messageOf, SampanError } from '@sampan/base';
import type { Guest } from './guest.ts';
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
      const { guest, end, rest } = await find(request);
      response.once('close', end);
      await guest.api.handle(request, response, rest);
    } catch (error) {
      const { code, body } = answerTo(error);
      response.writeHead(code, { 'content-type': 'application/json' }).end(body);
    }
  }

  async function upgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    try {
      const { guest, end, rest } = await find(request);
      socket.once('close', end);
      await guest.api.handleUpgrade(request, socket, head, rest);
    } catch (error) {
      const { code, body } = answerTo(error);
      socket.end(`HTTP/1.1 ${code} Failed\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    }
  }

  async function find(request: IncomingMessage): Promise<{ guest: Guest; end: () => void; rest: string }> {
    const target = splitPath(request.url ?? '');
    if (!target) throw new SampanError('guest-missing', 'the path names no cluster');
    return { ...(await guests.use(target.name)), rest: target.rest };
  }

  function answerTo(error: unknown): { code: number; body: string } {
    const known = error instanceof SampanError ? ANSWERS[error.code] : undefined;
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
    return { code, body: JSON.stringify(status) };
  }
}

const UNKNOWN = { code: 503, reason: 'ServiceUnavailable', message: 'the cluster cannot be opened' };
const MISSING = { code: 404, reason: 'NotFound', message: 'there is no such cluster' };

/** By the codes of errors: what strangers, who may ask for any name, are told. */
const ANSWERS: Readonly<Record<string, typeof UNKNOWN>> = {
  'guest-missing': MISSING,
  'guest-name': MISSING,
  'guest-paused': { ...UNKNOWN, message: 'the cluster is paused' },
  'guest-deleted': { ...UNKNOWN, message: 'the cluster is in the trash' },
};
