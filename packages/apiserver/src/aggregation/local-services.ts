import {
  type ApiService,
  CUSTOM_GROUP_PRIORITY,
  CUSTOM_VERSION_PRIORITY,
  groupPriorities,
  StatusError,
} from '@sampan/api';
import { type Logger, messageOf } from '@sampan/base';
import type { Client, ObjectReader, ResourceRef } from '@sampan/machinery';
import type { ResourceTable } from '../registry/resource-table.ts';

export const API_SERVICES_COLLECTION = 'apiservices.apiregistration.k8s.io';
export const API_SERVICES: ResourceRef = {
  group: 'apiregistration.k8s.io',
  version: 'v1',
  resource: 'apiservices',
  kind: 'APIService',
  namespaced: false,
};

/** Marks what is kept here: `onstart` of built-in groups, `true` of those that come and go. */
const MANAGED = 'kube-aggregator.kubernetes.io/automanaged';

export interface LocalServicesOptions {
  readonly resources: ResourceTable;
  readonly reader: ObjectReader;
  readonly client: Client;
  readonly log: Logger;
}

/**
 * Keeps an APIService for every API version that this server serves itself, so that clients find all of them in one
 * list (kube-aggregator pkg/controllers/autoregister). One that somebody else made, and those of resources that
 * products provide, are left alone: another server may take these over.
 */
export class LocalServices {
  readonly #options: LocalServicesOptions;
  #end: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(options: LocalServicesOptions) {
    this.#options = options;
  }

  /** Resolves when the present ones are there; follows changes from then on. Call once. */
  async start(): Promise<void> {
    this.#end = this.#options.resources.onChange(() => this.#sync());
    await this.#sync();
  }

  close(): void {
    this.#end?.();
    this.#end = undefined;
  }

  /** One at a time; changes meanwhile ask for one more. Never rejects. */
  #sync(): Promise<void> {
    if (this.#running) this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      // several definitions are often made at once
      await Promise.resolve();
      if (!this.#end) return;
      const outcomes = await Promise.allSettled(this.#changes());
      for (const outcome of outcomes) if (outcome.status === 'rejected') this.#report(outcome.reason);
    } while (this.#again);
  }

  #changes(): Promise<unknown>[] {
    const { reader, client } = this.#options;
    const wanted = this.#wanted();
    const present = reader.list<ApiService>(API_SERVICES_COLLECTION);
    const names = new Set(present.map(({ metadata }) => metadata.name));
    const gone = present.filter(
      ({ metadata }) => metadata.labels?.[MANAGED] === 'true' && !wanted.has(metadata.name ?? ''),
    );
    return [
      ...[...wanted.values()]
        .filter(({ metadata }) => !names.has(metadata.name))
        .map((service) => client.create(API_SERVICES, service)),
      ...gone.map(({ metadata }) => client.delete(API_SERVICES, undefined, metadata.name ?? '')),
    ];
  }

  #wanted(): Map<string, ApiService> {
    const services = new Map<string, ApiService>();
    for (const { definition, custom, provided } of this.#options.resources.all()) {
      const { group, version } = definition;
      if (provided) continue;
      services.set(`${version}.${group}`, apiService(group, version, custom));
    }
    return services;
  }

  #report(error: unknown): void {
    const raced = error instanceof StatusError && (error.code === 409 || error.code === 404);
    if (!raced && this.#end)
      this.#options.log.error('an APIService could not be kept', { error: messageOf(error) });
  }
}

function apiService(group: string, version: string, custom: boolean): ApiService {
  const known = groupPriorities.find((candidate) => candidate.group === group);
  return {
    kind: 'APIService',
    apiVersion: 'apiregistration.k8s.io/v1',
    metadata: { name: `${version}.${group}`, labels: { [MANAGED]: custom ? 'true' : 'onstart' } },
    spec: {
      ...(group === '' ? {} : { group }),
      version,
      groupPriorityMinimum: known?.priority ?? CUSTOM_GROUP_PRIORITY,
      versionPriority: known?.versions[version] ?? CUSTOM_VERSION_PRIORITY,
    },
  };
}
