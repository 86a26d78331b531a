import { chmodSync, chownSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { messageOf, SampanError } from '@sampan/base';
import { HOST_CLUSTER, MACHINE_QUOTA, NODE_LINE, NODE_PARTS, type NodeRequest } from '@sampan/clusters';
import type { GuestNodes } from './guest-nodes.ts';
import type { MachinePart } from './machine-part.ts';

const MOST_BYTES = 64 * 1024;
/** As names of clusters are: no way out of a folder. */
const PATH = /^\/clusters\/([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)(\?end=(?:true|pods))?$/;

/** Answers the guests process, and nobody else, on a Unix socket; see `NodeRequest`. Returns what ends it. */
export async function serveMachine(
  { home, log }: MachinePart,
  guests: GuestNodes,
): Promise<() => Promise<void>> {
  const { machineSocket, root } = home.node;
  const server = createServer((request, response) => void answer(request, response));
  rmSync(machineSocket, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(machineSocket, resolve);
  });
  // the group of the server's user
  chownSync(machineSocket, 0, statSync(root).gid);
  chmodSync(machineSocket, 0o660);
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method === 'GET' && request.url === NODE_LINE) {
        response.writeHead(200).flushHeaders();
        return;
      }
      const [, name, end] = PATH.exec(request.url ?? '') ?? [];
      if (name === undefined) throw new Error('there is no such path');
      if (name === HOST_CLUSTER) throw new Error('the machine’s own cluster is no guest');
      if (request.method === 'POST') await guests.start(name, parseRequest(await bodyOf(request)));
      else if (request.method === 'DELETE' && end === '?end=pods') await guests.endPods(name);
      else if (request.method === 'DELETE') await guests.stop(name, { end: end !== undefined });
      else throw new Error('there is no such method');
      response.writeHead(200).end();
    } catch (error) {
      log.warn('what was asked for a cluster failed', { path: request.url, error: messageOf(error) });
      const isTaken = error instanceof SampanError && error.code === 'network-taken';
      response.writeHead(isTaken ? 409 : 500, { 'content-type': 'text/plain' }).end(messageOf(error));
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > MOST_BYTES) throw new Error('the request is too large');
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The other side has less privilege: it is not believed what it looks like. Throws. */
export function parseRequest(text: string): NodeRequest {
  const value: unknown = JSON.parse(text);
  const { network, port, ca, credentials, isSandboxed, quota } = Object(value) as Record<string, unknown>;
  const isNumber = (number: unknown, most: number): number is number =>
    Number.isInteger(number) && Number(number) >= 0 && Number(number) <= most;
  const isBound = (bound: unknown): boolean =>
    bound === undefined || isNumber(bound, Number.MAX_SAFE_INTEGER);
  const isPem = (pem: unknown): pem is string => typeof pem === 'string' && pem.startsWith('-----BEGIN ');
  const isPair = (pair: unknown): boolean => {
    const { certificate, key } = Object(pair) as Record<string, unknown>;
    return isPem(certificate) && isPem(key);
  };
  const isWhole =
    isNumber(network, 48 * 256 - 1) &&
    isNumber(port, 65_535) &&
    isPem(ca) &&
    typeof isSandboxed === 'boolean' &&
    MACHINE_QUOTA.every((name) => isBound((Object(quota) as Record<string, unknown>)[name])) &&
    NODE_PARTS.every((part) => isPair((Object(credentials) as Record<string, unknown>)[part]));
  if (!isWhole) throw new Error('the request is not whole');
  return value as NodeRequest;
}
