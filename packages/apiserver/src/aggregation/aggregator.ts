import { type ApiService, type ApiServiceCondition, type KubeObject, StatusError } from '@sampan/api';
import { type Clock, deepEqual, type JsonObject, type Logger, messageOf } from '@sampan/base';
import type { Client, ObjectReader } from '@sampan/machinery';
import type { Exchange } from '../http/exchange.ts';
import { formatTime } from '../registry/metadata.ts';
import type { ServiceDialer } from '../webhooks/service-dialer.ts';
import { type Availability, checkAvailability } from './availability.ts';
import type { FrontProxy } from './front-proxy.ts';
import { API_SERVICES, API_SERVICES_COLLECTION as COLLECTION } from './local-services.ts';
import { forward } from './proxy.ts';
import { RemoteVersion } from './remote-version.ts';

/** A server that cannot be watched is looked at again after this time, there or not. */
const RECHECK_MS = 30_000;
/** Changes of endpoints come in bursts. */
const SETTLE_MS = 100;

export interface AggregatorOptions {
  readonly reader: ObjectReader;
  readonly dialer: ServiceDialer;
  /** Asked when an API version of another server appears. */
  frontProxy(): FrontProxy;
  readonly clock: Clock;
  readonly log: Logger;
  client(): Client;
}

interface Remote {
  readonly version: RemoteVersion;
  seen: Availability | undefined;
}

/** What discovery shows of an API version of another server. */
export interface RemoteDiscovery {
  readonly group: string;
  readonly version: string;
  readonly groupPriority: number;
  readonly versionPriority: number;
  readonly available: boolean;
  /** Its APIResourceList, as last seen. */
  readonly resources: JsonObject | undefined;
  readonly openApi: string | undefined;
}

/**
 * API versions that other servers serve (apiregistration.k8s.io APIServices with a Service): kept by watch, their
 * availability by looking at them. Costs nothing while there are none.
 */
export class Aggregator {
  readonly #options: AggregatorOptions;
  readonly #remotes = new Map<string, Remote>();
  readonly #stops: (() => void)[] = [];
  readonly #checking = new Map<string, { again: boolean }>();
  #cancelRecheck: (() => void) | undefined;
  #settling: (() => void) | undefined;
  #closed = false;
  #revision = 0;

  constructor(options: AggregatorOptions) {
    this.#options = options;
  }

  /** Serves what is stored and follows changes; call once. */
  start(): void {
    const { reader } = this.#options;
    this.#stops.push(
      reader.watch<ApiService>(COLLECTION, ({ type, object }) =>
        type === 'deleted' ? this.#forget(object) : this.#take(object),
      ),
      reader.watch('services', ({ object }) => this.#placeChanged(object, object.metadata.name)),
      reader.watch('endpointslices.discovery.k8s.io', ({ object }) =>
        this.#placeChanged(object, object.metadata.labels?.['kubernetes.io/service-name']),
      ),
    );
    for (const service of reader.list<ApiService>(COLLECTION)) this.#take(service);
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#stops.splice(0)) stop();
    this.#cancelRecheck?.();
    this.#settling?.();
    for (const { version } of this.#remotes.values()) version.close();
    this.#remotes.clear();
  }

  /** Grows whenever discovery changes. */
  get revision(): number {
    return this.#revision;
  }

  /** Answers a request on an API version of another server; undefined: it is one of this server's own. */
  serve(exchange: Exchange): Promise<void> | undefined {
    if (this.#remotes.size === 0) return undefined;
    const remote = this.#remotes.get(groupVersionOf(exchange));
    return remote && forward(remote.version, exchange);
  }

  discovery(): RemoteDiscovery[] {
    return [...this.#remotes.values()].map(({ version, seen }) => ({
      group: version.group,
      version: version.version,
      groupPriority: version.service.spec.groupPriorityMinimum,
      versionPriority: version.service.spec.versionPriority,
      available: version.available,
      resources: seen?.resources,
      openApi: version.available ? seen?.openApi : undefined,
    }));
  }

  #take(service: ApiService): void {
    if (!service.spec.service) {
      this.#forget(service);
      return;
    }
    const key = keyOf(service);
    const known = this.#remotes.get(key);
    this.#revision++;
    if (known && deepEqual(known.version.service.spec, service.spec)) {
      // its status: connections go on
      known.version.service = service;
      return;
    }
    known?.version.close();
    const { dialer } = this.#options;
    this.#remotes.set(key, {
      version: new RemoteVersion(service, dialer, this.#options.frontProxy()),
      seen: undefined,
    });
    this.#check(key);
    this.#cancelRecheck ??= this.#scheduleRecheck();
  }

  #forget(service: KubeObject): void {
    const key = keyOf(service as ApiService);
    const known = this.#remotes.get(key);
    if (!known) return;
    known.version.close();
    this.#remotes.delete(key);
    this.#revision++;
    if (this.#remotes.size > 0) return;
    this.#cancelRecheck?.();
    this.#cancelRecheck = undefined;
  }

  #placeChanged({ metadata }: KubeObject, name: string | undefined): void {
    if (this.#remotes.size === 0) return;
    const concerned = [...this.#remotes.values()].some(
      ({ version }) => version.namespace === metadata.namespace && version.name === name,
    );
    if (!concerned) return;
    this.#settling ??= this.#options.clock.schedule(() => {
      this.#settling = undefined;
      this.#checkAll();
    }, SETTLE_MS);
  }

  #scheduleRecheck(): () => void {
    return this.#options.clock.schedule(() => {
      this.#checkAll();
      this.#cancelRecheck = this.#remotes.size > 0 ? this.#scheduleRecheck() : undefined;
    }, RECHECK_MS);
  }

  #checkAll(): void {
    for (const key of this.#remotes.keys()) this.#check(key);
  }

  /** One check of each version at a time; a change meanwhile asks for one more. */
  #check(key: string): void {
    const running = this.#checking.get(key);
    if (running) {
      running.again = true;
      return;
    }
    const state = { again: false };
    this.#checking.set(key, state);
    void this.#run(key, state);
  }

  async #run(key: string, state: { again: boolean }): Promise<void> {
    do {
      state.again = false;
      try {
        await this.#look(key);
      } catch (error) {
        if (error instanceof StatusError && (error.reason === 'Conflict' || error.reason === 'NotFound'))
          continue;
        this.#options.log.error('the availability of an API server could not be written', {
          groupVersion: key,
          error: messageOf(error),
        });
      }
    } while (state.again && !this.#closed);
    this.#checking.delete(key);
  }

  async #look(key: string): Promise<void> {
    const remote = this.#remotes.get(key);
    if (!remote) return;
    const seen = await checkAvailability(this.#options.reader, remote.version);
    if (this.#closed || this.#remotes.get(key) !== remote) return;
    if (!deepEqual(remote.seen, seen)) this.#revision++;
    remote.seen = seen;
    await this.#write(remote.version.service, seen);
  }

  async #write(service: ApiService, { status, reason, message }: Availability): Promise<void> {
    const conditions = service.status?.conditions ?? [];
    const before = conditions.find(({ type }) => type === 'Available');
    if (before?.status === status && before.reason === reason && before.message === message) return;
    const time = formatTime(this.#options.clock.now());
    const condition: ApiServiceCondition = {
      type: 'Available',
      status,
      lastTransitionTime: before?.status === status ? (before.lastTransitionTime ?? time) : time,
      reason,
      message,
    };
    const others = conditions.filter(({ type }) => type !== 'Available');
    const next = { ...service, status: { ...service.status, conditions: [...others, condition] } };
    await this.#options.client().update(API_SERVICES, next, { subresource: 'status' });
  }
}

const keyOf = ({ spec }: ApiService): string => `${spec.group ?? ''}/${spec.version ?? ''}`;

/** Of `/api/v1`, `/apis/GROUP/VERSION`, what is below them, and their OpenAPI. */
function groupVersionOf({ info }: Exchange): string {
  if (info.isResource) return `${info.group}/${info.version}`;
  const parts = info.path.split('/').filter((part) => part !== '');
  if (parts[0] === 'openapi' && parts[1] === 'v3') parts.splice(0, 2);
  if (parts[0] === 'apis' && parts.length === 3) return `${parts[1]}/${parts[2]}`;
  return parts[0] === 'api' && parts.length === 2 ? `/${parts[1]}` : 'none';
}
