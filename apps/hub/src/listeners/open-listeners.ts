import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Logger } from '@sampan/base';
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
import { end, listen } from './listen.ts';
import { listenOnLoopback } from './listen-on-loopback.ts';

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
    const { port, portTaken } = await listenOnLoopback({
      ...{ port: options.port, exactly: options.exactly, logger },
      serve: () => serve(directOrigin),
    });
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

async function listenOnSocket(server: Server, path: string): Promise<void> {
  // the server process uses its connections again when it likes: none may be closed at that moment
  server.keepAliveTimeout = 0;
  rmSync(path, { force: true });
  const umask = process.umask(0o177);
  await listen(server, { path }).finally(() => process.umask(umask));
}
