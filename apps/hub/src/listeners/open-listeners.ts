import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Logger, messageOf, SampanError } from '@sampan/base';
import {
  type Answer,
  directOrigin,
  type Hub,
  type HubResponse,
  type Origin,
  type OriginOf,
  serveHub,
} from '@sampan/hub';
import { CERTIFICATE_HEADER } from '@sampan/machinery';

export interface ListenerOptions {
  readonly hub: Hub;
  /** For plain HTTP on loopback; 0: a free one. */
  readonly port: number;
  /** This port or none. */
  readonly exactly: boolean;
  /** Where the server process, and nobody else, hands requests on; absent: nowhere. */
  readonly socket: string | undefined;
  /** What the server process asks for itself, by the beginning of its path: it hands no such request on. */
  readonly inside: Readonly<Record<string, (url: string) => Promise<HubResponse>>>;
  readonly logger: Logger;
}

export interface Listeners {
  readonly port: number;
  /** The port that was to be used but was taken. */
  readonly portTaken: number | undefined;
  /** Ends connections. */
  close(): Promise<void>;
}

/** Both loopback addresses: "localhost" may mean either. */
const LOOPBACK = ['127.0.0.1', '::1'] as const;

/** Opens the ports and the socket of the registry. Throws `port-in-use`, `port-refused`. */
export async function openListeners({
  hub,
  logger,
  inside,
  ...options
}: ListenerOptions): Promise<Listeners> {
  const servers: Server[] = [];
  const answer: Answer = (request) => hub.handle(request);
  const serve = (originOf: OriginOf, answerOf = answer): Server => {
    const server = createServer();
    serveHub(server, answerOf, logger, originOf);
    servers.push(server);
    return server;
  };
  const close = async (): Promise<void> => {
    await Promise.all(servers.splice(0).map(end));
  };
  try {
    const { port, portTaken } = await listenOnLoopback(options, () => serve(directOrigin), logger);
    const answerServer: Answer = (request) => {
      const [, answerInside] = Object.entries(inside).find(([path]) => request.url.startsWith(path)) ?? [];
      return answerInside ? answerInside(request.url) : hub.handle(request);
    };
    if (options.socket !== undefined)
      await listenOnSocket(serve(forwardedOrigin, answerServer), options.socket);
    return { port, portTaken, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the server process says of the client. Only it reaches the socket. */
const forwardedOrigin: OriginOf = ({ headers }: IncomingMessage): Origin => {
  const text = (name: string): string => String(headers[name] ?? '');
  const certificate = text(CERTIFICATE_HEADER);
  return {
    scheme: 'https',
    address: text('x-forwarded-for'),
    ...(certificate === '' ? {} : { certificate }),
  };
};

async function listenOnLoopback(
  { port, exactly }: Pick<ListenerOptions, 'port' | 'exactly'>,
  serve: () => Server,
  logger: Logger,
): Promise<Pick<Listeners, 'port' | 'portTaken'>> {
  const [first, second] = LOOPBACK;
  const server = serve();
  const taken = await listen(server, port, first).then(
    () => false,
    (error: unknown) => {
      if (exactly || codeOf(error) !== 'EADDRINUSE') throw refused(port, error);
      return true;
    },
  );
  if (taken) await listen(server, 0, first);
  const found = (server.address() as AddressInfo).port;
  // not every machine has it, and another may have this port there
  await listen(serve(), found, second).catch((error: unknown) =>
    logger.info('the registry is not at the second loopback address', { error: messageOf(error) }),
  );
  return { port: found, portTaken: taken ? port : undefined };
}

async function listenOnSocket(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  const umask = process.umask(0o177);
  await listen(server, path).finally(() => process.umask(umask));
}

function listen(server: Server, ...where: [path: string] | [port: number, host: string]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const [first, host] = where;
    server.listen(host === undefined ? { path: String(first) } : { port: Number(first), host }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function end(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;

function refused(port: number, cause: unknown): SampanError {
  if (codeOf(cause) === 'EADDRINUSE')
    return new SampanError('port-in-use', `The registry's port ${port} is in use by another process.`, {
      hint: `Name another one with --hub-port, or leave it out to take a free one. Who has it: ss -ltnp 'sport = :${port}'`,
      cause,
    });
  return new SampanError('port-refused', `The registry cannot listen on port ${port}: ${messageOf(cause)}.`, {
    hint: 'Name with --hub-port one that this user may use (1024 or higher unless root).',
    cause,
  });
}
