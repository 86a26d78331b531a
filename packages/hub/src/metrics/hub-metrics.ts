import type { HubParts } from '../api/call.ts';
import type { HubEvent } from '../events/event.ts';
import type { Collector } from '../garbage/collector.ts';
import type { RequestLimits } from '../limits/request-limits.ts';
import { counter, RequestMetrics } from './request-metrics.ts';
import { gauge, StorageMetrics } from './storage-metrics.ts';
import { type Metric, renderMetrics } from './text.ts';

interface HubMetricsOptions {
  readonly parts: HubParts;
  readonly limits: RequestLimits;
  readonly collector: Collector;
}

/** All that the registry tells Prometheus. */
export class HubMetrics {
  readonly requests = new RequestMetrics();
  readonly #storage: StorageMetrics;
  readonly #limits: RequestLimits;
  readonly #collector: Collector;
  readonly #events = new Map<string, number>();

  constructor({ parts, limits, collector }: HubMetricsOptions) {
    this.#storage = new StorageMetrics(parts);
    this.#limits = limits;
    this.#collector = collector;
  }

  /** A listener of events. */
  readonly hear = async (events: readonly HubEvent[]): Promise<void> => {
    for (const { type } of events) this.#events.set(type, (this.#events.get(type) ?? 0) + 1);
  };

  async render(): Promise<string> {
    return renderMetrics([
      ...this.requests.metrics(),
      ...this.#limitMetrics(),
      counter(
        'sampan_hub_events_total',
        'Pushes, pulls, deletes and refusals for want of quota.',
        [...this.#events].map(([type, value]) => ({ labels: { type }, value })),
      ),
      ...this.#garbageMetrics(),
      ...(await this.#storage.metrics()),
      ...processMetrics(),
    ]);
  }

  #limitMetrics(): Metric[] {
    const { requests, logins } = this.#limits.refused;
    return [
      counter('sampan_hub_limited_total', 'Requests refused since there were too many.', [
        { labels: { what: 'requests' }, value: requests },
        { labels: { what: 'logins' }, value: logins },
      ]),
    ];
  }

  #garbageMetrics(): Metric[] {
    const { runs, blobs, bytes, last } = this.#collector.totals;
    return [
      counter('sampan_hub_garbage_collections_total', 'Garbage collections ended.', [{ value: runs }]),
      counter('sampan_hub_garbage_blobs_total', 'Blobs deleted as garbage.', [{ value: blobs }]),
      counter('sampan_hub_garbage_bytes_total', 'Bytes deleted as garbage.', [{ value: bytes }]),
      gauge(
        'sampan_hub_garbage_last_timestamp_seconds',
        'When the last garbage collection ended.',
        last === undefined ? [] : [{ value: last / 1000 }],
      ),
    ];
  }
}

/** Named as Prometheus' own client libraries name them. */
function processMetrics(): Metric[] {
  const { user, system } = process.cpuUsage();
  return [
    counter('process_cpu_seconds_total', 'Processor time of the process.', [
      { value: (user + system) / 1e6 },
    ]),
    gauge('process_resident_memory_bytes', 'Memory of the process.', [{ value: process.memoryUsage.rss() }]),
  ];
}
