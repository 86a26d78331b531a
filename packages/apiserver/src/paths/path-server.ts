import type { Exchange } from '../http/exchange.ts';
import type { PathServer } from '../http/api-context.ts';
import { methodNotAllowed } from '../http/handler.ts';
import { sendText } from '../http/respond.ts';

/** Serves a family of paths; false: not one of mine. */
export interface PathHandler {
  serve(exchange: Exchange): boolean | Promise<boolean>;
}

/** Asks each handler in turn. */
export class Paths implements PathServer {
  readonly #handlers: readonly PathHandler[];

  constructor(handlers: readonly PathHandler[]) {
    this.#handlers = handlers;
  }

  async serve(exchange: Exchange): Promise<void> {
    for (const handler of this.#handlers) {
      if (exchange.method !== 'GET' && exchange.method !== 'HEAD') break;
      if (await handler.serve(exchange)) return;
    }
    if (exchange.info.path === '/' || exchange.method === 'GET' || exchange.method === 'HEAD') {
      sendText(exchange, 404, '404 page not found\n');
      return;
    }
    throw methodNotAllowed();
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
