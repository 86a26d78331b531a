import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { errors, StatusError } from '@sampan/api';
import { messageOf } from '@sampan/base';

export interface AgentRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Readable | string;
}

const MOST_MESSAGE_BYTES = 64 * 1024;
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** The agent of a node, behind its Unix socket. Every request is a connection of its own: nothing stays open. */
export class NodeAgent {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** The answer, whatever its status; the caller reads or destroys it. Throws ServiceUnavailable when there is none. */
  send({ method, path, headers = {}, body }: AgentRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({ socketPath: this.#socket, method, path, headers, agent: false }, resolve);
      request.on('error', (error) => reject(unreachable(error)));
      if (typeof body === 'object') body.pipe(request);
      else request.end(body);
    });
  }

  /** The same, for answers of 200; throws what others stand for. */
  async get(path: string): Promise<IncomingMessage> {
    const answer = await this.send({ method: 'GET', path });
    if (answer.statusCode === 200) return answer;
    throw failure(answer.statusCode ?? 500, await textOf(answer));
  }

  /** Where the runtime waits for one connection by SPDY/3.1. */
  async stream(kind: 'exec' | 'attach' | 'portforward', asked: object): Promise<StreamAddress> {
    const answer = await this.send({
      method: 'POST',
      path: `/streams/${kind}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(asked),
    });
    const text = await textOf(answer);
    if (answer.statusCode !== 200) throw failure(answer.statusCode ?? 500, text);
    const { url, tty } = JSON.parse(text) as { url: string; tty?: boolean };
    const address = new URL(url);
    // runtimes serve streams on this machine alone: another address is a mistake somewhere
    if (!LOOPBACK.has(address.hostname))
      throw errors.internal(`the runtime serves streams at ${address.host}`);
    return { url: address, ...(tty === undefined ? {} : { tty }) };
  }
}

export interface StreamAddress {
  readonly url: URL;
  /** Of attach: whether the container has a terminal. */
  readonly tty?: boolean;
}

/** At most 64 KiB of an answer. */
export async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of answer) {
    length += (part as Buffer).length;
    if (length > MOST_MESSAGE_BYTES) break;
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}

function failure(status: number, text: string): StatusError {
  const message = messageIn(text);
  if (status === 400) return errors.badRequest(message);
  if (status === 404) return new StatusError('NotFound', message);
  return errors.internal(message);
}

function messageIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : text;
  } catch {
    return text;
  }
}

function unreachable(error: unknown): StatusError {
  return errors.serviceUnavailable(
    `the node agent, which runs containers on this machine, does not answer: ${messageOf(error)}`,
  );
}
