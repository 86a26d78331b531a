import { errors } from '@sampan/api';
import type { PathServer } from '../http/api-context.ts';
import type { Exchange } from '../http/exchange.ts';
import { sendJson, sendText } from '../http/respond.ts';

/** Serves a family of paths; false: not one of mine. */
export interface PathHandler {
  /** Absent: GET and HEAD. */
  readonly method?: 'POST';
  serve(exchange: Exchange): boolean | Promise<boolean>;
}

/** Asks each handler in turn. */
export class Paths implements PathServer {
  readonly #handlers: readonly PathHandler[];
  readonly #index: () => readonly string[];

  constructor(handlers: readonly PathHandler[], index: () => readonly string[]) {
    this.#handlers = handlers;
    this.#index = index;
  }

  async serve(exchange: Exchange): Promise<void> {
    const method = exchange.method === 'HEAD' ? 'GET' : exchange.method;
    for (const handler of this.#handlers) {
      if (method !== (handler.method ?? 'GET')) continue;
      if (await handler.serve(exchange)) return;
    }
    const { path } = exchange.info;
    if (path.startsWith('/apis/')) return sendText(exchange, 404, '404 page not found\n');
    if (path.startsWith('/api')) throw errors.pageNotFound();
    // upstream tells who asks for nothing known what there is
    sendJson(exchange, path === '/' ? 200 : 404, { paths: this.#index() });
  }
}

/** A handler of one path. */
export function at(path: string, answer: (exchange: Exchange) => void): PathHandler {
  return {
    serve(exchange) {
      if (exchange.info.path !== path) return false;
      answer(exchange);
      return true;
    },
  };
}

/** Does something for who posts to one path; answers with what became of it. */
export function doing(path: string, action: () => Promise<unknown>): PathHandler {
  return {
    method: 'POST',
    async serve(exchange) {
      if (exchange.info.path !== path) return false;
      sendJson(exchange, 200, await action());
      return true;
    },
  };
}
