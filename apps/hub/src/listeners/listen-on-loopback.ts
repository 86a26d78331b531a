import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Logger, messageOf, SampanError } from '@sampan/base';
import { end, listen } from './listen.ts';

export interface LoopbackOptions {
  /** 0: a free one. */
  readonly port: number;
  /** This port or none. */
  readonly exactly: boolean;
  /** A server that listens nowhere yet; whoever gives it closes it in the end. */
  readonly serve: () => Server;
  readonly logger: Logger;
}

/** "localhost" may mean either: a port at which one of them is another's is another's. */
const LOOPBACK = ['127.0.0.1', '::1'] as const;
/** Of free ports, which others may have at the second address. */
const TRIES = 10;

/**
 * Listens at one port of both loopback addresses, where the machine has both. `portTaken`: the one that was to be and is
 * another's. Throws `port-in-use`, `port-refused`.
 */
export async function listenOnLoopback(
  options: LoopbackOptions,
): Promise<{ readonly port: number; readonly portTaken: number | undefined }> {
  const wanted = await listenAt(options, options.port);
  if (typeof wanted === 'number') return { port: wanted, portTaken: undefined };
  if (options.exactly) throw inUse(options.port, wanted);
  const portTaken = options.port === 0 ? undefined : options.port;
  let last: unknown = wanted;
  for (let tries = 0; tries < TRIES; tries++) {
    const free = await listenAt(options, 0);
    if (typeof free === 'number') return { port: free, portTaken };
    last = free;
  }
  throw inUse(options.port, last);
}

/** The port; or the error that tells that it is another's, and then nothing listens. */
async function listenAt({ serve, logger }: LoopbackOptions, wanted: number): Promise<number | Error> {
  const servers: Server[] = [];
  let port = wanted;
  for (const host of LOOPBACK) {
    const server = serve();
    try {
      await listen(server, { port, host });
      servers.push(server);
      ({ port } = server.address() as AddressInfo);
    } catch (error) {
      if (codeOf(error) === 'EADDRINUSE') {
        await Promise.all(servers.map(end));
        return error as Error;
      }
      if (servers.length === 0) throw refused(port, error);
      // a machine without IPv6
      logger.info('the registry is at one loopback address only', { error: messageOf(error) });
    }
  }
  return port;
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;

function inUse(port: number, cause: unknown): SampanError {
  return new SampanError('port-in-use', `The registry's port ${port} is in use by another process.`, {
    hint: `Name another one with --hub-port, or leave it out to take a free one. Who has it: ss -ltnp 'sport = :${port}'`,
    cause,
  });
}

function refused(port: number, cause: unknown): SampanError {
  return new SampanError('port-refused', `The registry cannot listen on port ${port}: ${messageOf(cause)}.`, {
    hint: 'Name with --hub-port one that this user may use (1024 or higher unless root).',
    cause,
  });
}
