import { type Logger, messageOf } from '@sampan/base';
import { type HubRequest, type HubResponse, json } from './api/message.ts';
import { refusal } from './api/refusal.ts';
import { assembleHub, type HubOptions, TOKEN_PATH } from './assemble-hub.ts';
import { projectContent } from './content/project-content.ts';
import type { ProjectContent } from './controllers/project-controller.ts';
import { RegistryError } from './errors/registry-error.ts';
import type { Listener } from './events/event-queue.ts';
import { checkHub, type Fault } from './garbage/check.ts';
import type { Collected, CollectOptions } from './garbage/collect.ts';
import { logRefusal } from './operations/log-refusal.ts';
import type { Retention } from './retention/retention.ts';

/** The end of a connection ends its request soon: what it still does is a write to the disk. */
const ANSWER_MS = 5000;

/** The registry with all that belongs to it: a function from request to response. */
export class Hub {
  readonly projects: ProjectContent;
  /** Tell it of projects: see `Retention.changed`. */
  readonly retention: Retention;
  readonly #parts: ReturnType<typeof assembleHub>;
  readonly #logger: Logger;
  /** Requests that have no answer yet. */
  readonly #answering = new Set<Promise<unknown>>();

  constructor(options: HubOptions) {
    this.#parts = assembleHub(options);
    this.#logger = options.logger;
    this.retention = this.#parts.retention;
    this.projects = projectContent(this.#parts.parts, this.retention);
  }

  /** Tells `listener` what happens; see `EventLog.listen`. Before `start`. */
  listen(name: string, listener: Listener): void {
    this.#parts.parts.events.listen(name, listener);
  }

  /** Once, before the first request. */
  async start(): Promise<void> {
    await this.#parts.parts.events.start();
    this.#parts.collector.start();
  }

  /**
   * Waits for what is at work, requests whose connections ended too; before blobs and records are closed. May be called
   * twice.
   */
  async close(): Promise<void> {
    const { collector, parts, pulls, retention } = this.#parts;
    await Promise.all([this.#answered(), collector.close(), retention.close()]);
    await parts.events.close();
    await pulls.close();
  }

  /** Deletes what nobody needs any more, while the registry serves. */
  collectGarbage(options?: CollectOptions): Promise<Collected> {
    return this.#parts.collector.run(options);
  }

  /** Runs a task while no garbage is collected: what is there then stays. */
  withoutCollecting<T>(task: () => Promise<T>): Promise<T> {
    return this.#parts.collector.hold(task);
  }

  /** What is promised and not there; see `checkHub`. */
  check(options: { readonly read: boolean }): Promise<Fault[]> {
    return checkHub(this.#parts.parts, options);
  }

  /** Never throws. Who sends the answer calls its `ended`. */
  async handle(request: HubRequest): Promise<HubResponse> {
    const { metrics, parts } = this.#parts;
    const begun = parts.clock.monotonic();
    metrics.requests.begin();
    const answering = this.#answer(request).catch((thrown) => this.#failure(request, thrown));
    this.#answering.add(answering);
    const answer = await answering.finally(() => this.#answering.delete(answering));
    const { operation = 'other', status } = answer;
    logRefusal(this.#logger, request, answer);
    return {
      ...answer,
      ended: (traffic) => {
        metrics.requests.end(operation, status, (parts.clock.monotonic() - begun) / 1000, traffic);
      },
    };
  }

  /** One that waits for somebody else is not waited for long. */
  async #answered(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const cancel = this.#parts.parts.clock.schedule(resolve, ANSWER_MS);
    await Promise.race([Promise.all(this.#answering), late]).finally(cancel);
  }

  async #answer(request: HubRequest): Promise<HubResponse> {
    const { charts, operations, registry, requestLimits, tokens } = this.#parts;
    requestLimits.admit(request.origin);
    const [path] = request.url.split('?', 1);
    if (path?.startsWith('/v2')) return registry.handle(request);
    // whoever asks may be known later: until then it is work for an address
    requestLimits.countAnonymous(request.origin);
    if (path !== TOKEN_PATH) {
      return operations.handle(request) ?? charts.handle(request) ?? registry.handle(request);
    }
    return { ...(await tokens.handle(request)), operation: 'token' };
  }

  #failure({ url }: HubRequest, thrown: unknown): HubResponse {
    if (thrown instanceof RegistryError) return refusal(thrown);
    this.#logger.error('a request failed', { url, error: messageOf(thrown) });
    return json(500, { error: 'server_error' });
  }
}
