import { chmod, chown, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { messageOf } from '@sampan/base';
import { ContainerExits } from '../logs/container-exits.ts';
import type { AgentCall, AgentHandler, AgentServerOptions } from './agent-context.ts';
import { AgentError } from './agent-error.ts';
import { send, sendJson } from './answer.ts';
import { folderRoute } from './folder-route.ts';
import { containerLogsRoute } from './log-route.ts';
import { attachRoute, execRoute, portForwardRoute } from './stream-routes.ts';

export interface AgentServer {
  /** Ends all connections and removes the socket. May be called twice. */
  close(): Promise<void>;
}

interface Route {
  readonly method: 'GET' | 'POST';
  /** With `/` at its end: and all that is below it. */
  readonly path: string;
  readonly serve: AgentHandler;
}

/** `/streams` is for the server process alone; the others are what kubelets serve (kubernetes pkg/kubelet/server). */
const ROUTES: readonly Route[] = [
  { method: 'POST', path: '/streams/exec', serve: execRoute },
  { method: 'POST', path: '/streams/attach', serve: attachRoute },
  { method: 'POST', path: '/streams/portforward', serve: portForwardRoute },
  { method: 'GET', path: '/containerLogs/', serve: containerLogsRoute },
  { method: 'GET', path: '/logs/', serve: folderRoute },
  { method: 'GET', path: '/healthz', serve: async ({ response }) => send(response, 200, 'text/plain', 'ok') },
  {
    method: 'GET',
    path: '/pods',
    serve: async (call) => {
      const items = call.options.pods.pods();
      sendJson(call, 200, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items });
    },
  },
];

/**
 * The node agent's HTTP side, on a Unix socket: whoever may connect may do all of it. Errors are answered as
 * `{message}` with a status. Resolves when it listens.
 */
export async function createAgentServer(options: AgentServerOptions): Promise<AgentServer> {
  const exits = new ContainerExits(options.runtime, options.log);
  const stopped = new AbortController();
  const server = createServer((request, response) => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, stopped.signal]);
    void answer(options, exits, signal, request, response);
  });
  await rm(options.socket, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.socket, resolve);
  });
  if (options.group !== undefined) await chown(options.socket, 0, options.group);
  await chmod(options.socket, 0o660);
  return {
    close: () =>
      new Promise((resolve) => {
        stopped.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  options: AgentServerOptions,
  exits: ContainerExits,
  signal: AbortSignal,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const url = new URL(request.url ?? '/', 'http://agent');
    const { serve, rest } = find(options, request.method ?? '', url.pathname);
    const call: AgentCall = { request, response, rest, query: url.searchParams, options, exits, signal };
    await serve(call);
  } catch (error) {
    if (response.headersSent || signal.aborted) {
      response.destroy();
      return;
    }
    if (!(error instanceof AgentError))
      options.log.error('a request to the agent failed', { path: request.url, error: messageOf(error) });
    const status = error instanceof AgentError ? error.status : 500;
    sendJson({ response }, status, { message: messageOf(error) });
  }
}

function find(
  { reports = {} }: AgentServerOptions,
  method: string,
  path: string,
): { serve: AgentHandler; rest: string[] } {
  const report = Object.hasOwn(reports, path) ? reports[path] : undefined;
  if (report && method === 'GET') {
    const serve: AgentHandler = async ({ response, query }) => {
      const { contentType, body } = await report(query);
      send(response, 200, contentType, body);
    };
    return { serve, rest: [] };
  }
  const fitting = ROUTES.filter(
    (route) => path === route.path || (route.path.endsWith('/') && path.startsWith(route.path)),
  );
  const found = fitting.find((route) => route.method === method);
  if (found) return { serve: found.serve, rest: decoded(path.slice(found.path.length)) };
  throw fitting.length > 0
    ? new AgentError(405, 'the agent does not allow this method here')
    : new AgentError(404, '404 page not found');
}

function decoded(path: string): string[] {
  try {
    return path.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    throw new AgentError(400, `invalid URL escape in path ${JSON.stringify(path)}`);
  }
}
