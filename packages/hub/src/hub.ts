import { type Clock, type Logger, messageOf } from '@sampan/base';
import type { BlobStore } from '@sampan/blobs';
import type { Records } from '@sampan/records';
import type { HubParts } from './api/call.ts';
import { type HubRequest, type HubResponse, json } from './api/message.ts';
import { Registry } from './api/registry.ts';
import { projectContent } from './content/project-content.ts';
import type { ProjectContent } from './controllers/project-controller.ts';
import { EventLog } from './events/event-log.ts';
import type { Listener } from './events/event-queue.ts';
import { checkHub, type Fault } from './garbage/check.ts';
import type { Collected, CollectOptions } from './garbage/collect.ts';
import { Collector } from './garbage/collector.ts';
import { DEFAULT_LIMITS, type HubLimits } from './limits/hub-limits.ts';
import { DigestLocks } from './metadata/digest-locks.ts';
import type { HubTables } from './metadata/schema.ts';
import { Operations } from './operations/operations.ts';
import { type Directory, projectOf } from './projects/directory.ts';
import { PullTimes } from './retention/pull-times.ts';
import { Retention } from './retention/retention.ts';
import type { KeyPair } from './tokens/key-file.ts';
import { TokenGate } from './tokens/token-gate.ts';
import { TokenKeys } from './tokens/token-keys.ts';
import { TokenService } from './tokens/token-service.ts';

export interface HubOptions {
  readonly blobs: BlobStore;
  readonly records: Records<HubTables>;
  readonly directory: Directory;
  readonly keyPair: KeyPair;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The registry's name in tokens: the same for all addresses it has. */
  readonly service: string;
  readonly limits?: Partial<HubLimits>;
}

const TOKEN_PATH = '/hub/token';

/** The registry with its token service: a function from request to response. */
export class Hub {
  readonly projects: ProjectContent;
  readonly #parts: HubParts;
  readonly #registry: Registry;
  readonly #tokens: TokenService;
  /** Tell it of projects: see `Retention.changed`. */
  readonly retention: Retention;
  readonly #pulls: PullTimes;
  readonly #collector: Collector;
  readonly #operations: Operations;
  readonly #logger: Logger;

  constructor({ blobs, records, directory, keyPair, clock, logger, service, limits: changed }: HubOptions) {
    const keys = new TokenKeys({ ...keyPair, service, clock });
    const realm = ({ headers, origin }: HubRequest) =>
      `${origin.scheme}://${hostOf(headers.host)}${TOKEN_PATH}`;
    const isPublic = (name: string) => directory.project(projectOf(name))?.public ?? false;
    const gate = new TokenGate({ keys, clock, realm, isPublic });
    const events = new EventLog({ records, clock, logger });
    const limits = { ...DEFAULT_LIMITS, ...changed };
    this.#parts = { blobs, records, locks: new DigestLocks(), clock, events, directory, limits };
    this.#registry = new Registry({ parts: this.#parts, gate, logger });
    this.#tokens = new TokenService({ keys, directory, clock });
    this.#pulls = new PullTimes({ records, clock, logger });
    events.listen('pull times', this.#pulls.hear);
    this.retention = new Retention({ parts: this.#parts, logger });
    this.projects = projectContent(this.#parts, this.retention);
    this.#collector = new Collector(this.#parts, logger);
    const { retention } = this;
    this.#operations = new Operations({ parts: this.#parts, collector: this.#collector, retention, logger });
    this.#logger = logger;
  }

  /** Tells `listener` what happens; see `EventLog.listen`. Before `start`. */
  listen(name: string, listener: Listener): void {
    this.#parts.events.listen(name, listener);
  }

  /** Once, before the first request. */
  async start(): Promise<void> {
    await this.#parts.events.start();
    this.#collector.start();
  }

  /** Waits for what is at work; before blobs and records are closed. May be called twice. */
  async close(): Promise<void> {
    await Promise.all([this.#collector.close(), this.retention.close()]);
    await this.#parts.events.close();
    await this.#pulls.close();
  }

  /** Deletes what nobody needs any more, while the registry serves. */
  collectGarbage(options?: CollectOptions): Promise<Collected> {
    return this.#collector.run(options);
  }

  /** What is promised and not there; see `checkHub`. */
  check(options: { readonly read: boolean }): Promise<Fault[]> {
    return checkHub(this.#parts, options);
  }

  /** Never throws. */
  async handle(request: HubRequest): Promise<HubResponse> {
    const [path] = request.url.split('?', 1);
    if (path !== TOKEN_PATH) return this.#operations.handle(request) ?? this.#registry.handle(request);
    try {
      return await this.#tokens.handle(request);
    } catch (thrown) {
      this.#logger.error('the token service failed', { error: messageOf(thrown) });
      return json(500, { error: 'server_error' });
    }
  }
}

/** It goes into a quoted string of a header: nothing that could end that. */
function hostOf(header: string | undefined): string {
  return /^[a-zA-Z0-9.:[\]_-]{1,255}$/.test(header ?? '') ? (header ?? '') : 'localhost';
}
