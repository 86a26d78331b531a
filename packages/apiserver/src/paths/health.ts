import type { Exchange } from '../http/exchange.ts';
import { sendText } from '../http/respond.ts';

/** One thing that must hold; returns what is wrong, undefined when nothing is. Must not block. */
export interface HealthCheck {
  readonly name: string;
  check(): string | undefined;
}

/** `/healthz`, `/livez`, `/readyz`, with `verbose`, `exclude` and single checks (KEP-579). */
export class Health {
  readonly #checks: Record<string, readonly HealthCheck[]>;

  constructor(live: readonly HealthCheck[], ready: readonly HealthCheck[]) {
    const ping = { name: 'ping', check: () => undefined };
    this.#checks = { healthz: [ping, ...live], livez: [ping, ...live], readyz: [ping, ...live, ...ready] };
  }

  serve(exchange: Exchange): boolean {
    const [, root = '', ...rest] = exchange.info.path.split('/');
    const checks = Object.hasOwn(this.#checks, root) ? this.#checks[root] : undefined;
    if (!checks) return false;
    const single = rest.join('/');
    if (single !== '') return this.#serveOne(exchange, checks, single);
    const excluded = new Set(exchange.query.getAll('exclude'));
    const results = checks
      .filter(({ name }) => !excluded.has(name))
      .map(({ name, check }) => ({ name, problem: check() }));
    const failed = results.some(({ problem }) => problem !== undefined);
    const lines = results.map(({ name, problem }) =>
      problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`,
    );
    if (!failed && !exchange.query.has('verbose')) sendText(exchange, 200, 'ok');
    else
      sendText(
        exchange,
        failed ? 500 : 200,
        `${lines.join('\n')}\n${root} check ${failed ? 'failed' : 'passed'}\n`,
      );
    return true;
  }

  #serveOne(exchange: Exchange, checks: readonly HealthCheck[], name: string): boolean {
    const found = checks.find((check) => check.name === name);
    if (!found) return false;
    const problem = found.check();
    sendText(exchange, problem === undefined ? 200 : 500, problem === undefined ? 'ok' : `${problem}\n`);
    return true;
  }
}
