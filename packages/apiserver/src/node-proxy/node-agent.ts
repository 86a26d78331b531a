import { request as httpRequest, type IncomingMessage } from 'node:http';
import { errors, type StatusError } from '@sampan/api';
import { messageOf } from '@sampan/base';
import { answerFailure, textOf } from './answer-text.ts';
import type { AgentRequest, NodeAnswerer, StreamAddress, StreamAsked } from './contract.ts';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** The agent of a node, behind its Unix socket. Every request is a connection of its own: nothing stays open. */
export class NodeAgent implements NodeAnswerer {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  send({ method, path, headers = {}, body }: AgentRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({ socketPath: this.#socket, method, path, headers, agent: false }, resolve);
      request.on('error', (error) => reject(unreachable(error)));
      if (typeof body === 'object') body.pipe(request);
      else request.end(body);
    });
  }

  async get(path: string): Promise<IncomingMessage> {
    const answer = await this.send({ method: 'GET', path });
    if (answer.statusCode === 200) return answer;
    throw answerFailure(answer.statusCode ?? 500, await textOf(answer));
  }

  /** Where the runtime waits for one connection by SPDY/3.1. */
  async stream(kind: 'exec' | 'attach' | 'portforward', asked: StreamAsked): Promise<StreamAddress> {
    const answer = await this.send({
      method: 'POST',
      path: `/streams/${kind}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(asked),
    });
    const text = await textOf(answer);
    if (answer.statusCode !== 200) throw answerFailure(answer.statusCode ?? 500, text);
    const { url, tty } = JSON.parse(text) as { url: string; tty?: boolean };
    const address = new URL(url);
    // runtimes serve streams on this machine alone: another address is a mistake somewhere
    if (!LOOPBACK.has(address.hostname))
      throw errors.internal(`the runtime serves streams at ${address.host}`);
    return { url: address, ...(tty === undefined ? {} : { tty }) };
  }
}

function unreachable(error: unknown): StatusError {
  return errors.serviceUnavailable(
    `the node agent, which runs containers on this machine, does not answer: ${messageOf(error)}`,
  );
}
