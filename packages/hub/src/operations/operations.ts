import { type Logger, messageOf } from '@sampan/base';
import type { HubParts } from '../api/call.ts';
import { type HubRequest, type HubResponse, json } from '../api/message.ts';
import { refusal } from '../api/refusal.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { checkHub } from '../garbage/check.ts';
import type { CollectOptions } from '../garbage/collect.ts';
import type { Collector } from '../garbage/collector.ts';
import type { HubMetrics } from '../metrics/hub-metrics.ts';
import { METRICS_TYPE } from '../metrics/text.ts';
import type { Retention } from '../retention/retention.ts';
import { readAllUsage } from '../rules/usage.ts';
import { authenticate } from '../tokens/authenticate.ts';
import { slowAnswer } from './slow-answer.ts';

export interface OperationsParts {
  readonly parts: HubParts;
  readonly collector: Collector;
  readonly retention: Retention;
  readonly metrics: HubMetrics;
  readonly logger: Logger;
}

interface Asked {
  /** The segment that a path's `*` stands for; empty: it has none. */
  readonly name: string;
  readonly query: URLSearchParams;
}

interface Operation {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Besides administrators, who may: members of this group. */
  readonly group?: string;
  /** Gives its result at once, a text if `type` says of which media type, or a task that may take long. */
  readonly run: (on: OperationsParts, asked: Asked) => Promise<unknown> | (() => Promise<unknown>);
  readonly type?: string;
}

/** What is done with the registry as a whole rather than with one of its kinds. */
const OPERATIONS: readonly Operation[] = [
  {
    method: 'POST',
    path: '/hub/api/gc',
    run({ collector }, { query }) {
      const options = { dryRun: flag(query, 'dryRun'), ...graceIn(query) };
      return () => collector.run(options);
    },
  },
  {
    method: 'POST',
    path: '/hub/api/fsck',
    run:
      ({ parts }, { query }) =>
      async () => ({ faults: await checkHub(parts, { read: flag(query, 'read') }) }),
  },
  {
    method: 'POST',
    path: '/hub/api/retention/*',
    run:
      ({ retention }, { name, query }) =>
      () =>
        retention.run(name, { dryRun: flag(query, 'dryRun') }),
  },
  {
    method: 'GET',
    path: '/hub/api/usage',
    run: async ({ parts }) => ({ projects: await readAllUsage(parts.records.read) }),
  },
  {
    method: 'GET',
    path: '/hub/metrics',
    // Kubernetes' own group for those who may read metrics
    group: 'system:monitoring',
    run: ({ metrics }) => metrics.render(),
    type: METRICS_TYPE,
  },
];

const flag = (query: URLSearchParams, name: string): boolean => query.get(name) === 'true';

/** `grace` in seconds. 0 is for who knows that nobody pushes: a push that goes on then may be refused at its end. */
function graceIn(query: URLSearchParams): CollectOptions {
  const text = query.get('grace');
  if (text === null) return {};
  if (!/^\d{1,9}$/.test(text))
    throw new RegistryError('UNSUPPORTED', 'grace is not seconds', { status: 400 });
  return { grace: Number(text) * 1000 };
}

/** Answers `/hub/api/…` to administrators, who come with Basic credentials or a client certificate. */
export class Operations {
  readonly #on: OperationsParts;

  constructor(on: OperationsParts) {
    this.#on = on;
  }

  /** undefined: no operation has this path. Never throws. */
  handle(request: HubRequest): Promise<HubResponse> | undefined {
    const [path = '', query = ''] = request.url.split('?', 2);
    const found = OPERATIONS.flatMap((operation) => {
      const name = nameIn(operation.path, path);
      return name === undefined ? [] : [{ operation, name }];
    });
    if (found.length === 0) return undefined;
    const chosen = found.find(({ operation }) => operation.method === request.method);
    if (!chosen) {
      const allow = found.map(({ operation }) => operation.method).join(', ');
      return Promise.resolve(refusal(new RegistryError('UNSUPPORTED', undefined, { headers: { allow } })));
    }
    const asked = { name: chosen.name, query: new URLSearchParams(query) };
    return this.#run(request, chosen.operation, asked);
  }

  async #run(request: HubRequest, operation: Operation, asked: Asked): Promise<HubResponse> {
    try {
      await this.#admit(request, operation);
      const result = operation.run(this.#on, asked);
      if (typeof result !== 'function') return finished(await result, operation);
      return slowAnswer(this.#on.parts.clock, result, (thrown) => this.#failure(operation, thrown).toBody());
    } catch (thrown) {
      return refusal(this.#failure(operation, thrown));
    }
  }

  async #admit(request: HubRequest, { group }: Operation): Promise<void> {
    const account = await authenticate(this.#on.parts.directory, request);
    if (typeof account === 'string') {
      const headers = { 'www-authenticate': 'Basic realm="Sampan Hub"' };
      throw new RegistryError('UNAUTHORIZED', undefined, { headers });
    }
    if (account.administrator || (group !== undefined && account.groups.includes(group))) return;
    throw new RegistryError('DENIED', 'only administrators may do this');
  }

  #failure({ path }: Operation, thrown: unknown): RegistryError {
    if (thrown instanceof RegistryError) return thrown;
    this.#on.logger.error('an operation failed', { path, error: messageOf(thrown) });
    return new RegistryError('UNKNOWN', messageOf(thrown), { cause: thrown });
  }
}

function finished(result: unknown, { type }: Operation): HubResponse {
  const headers = { 'cache-control': 'no-store' };
  if (type === undefined) return json(200, result, headers);
  return { status: 200, headers: { ...headers, 'content-type': type }, body: String(result) };
}

/** The segment that `*` stands for; empty: the path has none; undefined: it is another path. */
function nameIn(pattern: string, path: string): string | undefined {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === path ? '' : undefined;
  const name = path.startsWith(pattern.slice(0, star)) ? path.slice(star) : '';
  return name === '' || name.includes('/') ? undefined : name;
}
