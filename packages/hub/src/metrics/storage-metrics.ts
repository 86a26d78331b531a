import type { HubParts } from '../api/call.ts';
import { readAllUsage } from '../rules/usage.ts';
import { countUndelivered } from '../webhooks/delivery-records.ts';
import type { Metric } from './text.ts';

/** Counting all blobs reads a large table: so often at most. */
const COUNT_MS = 60_000;

interface Stored {
  readonly at: number;
  readonly blobs: number;
  readonly bytes: number;
}

/** What the registry stores, what of it each project has, and what its webhooks were not told yet. */
export class StorageMetrics {
  readonly #parts: HubParts;
  #stored: Stored | undefined;

  constructor(parts: HubParts) {
    this.#parts = parts;
  }

  async metrics(): Promise<Metric[]> {
    const { records, directory } = this.#parts;
    const { blobs, bytes } = await this.#count();
    const projects = await readAllUsage(records.read);
    const quotas = projects.flatMap(({ project }) => {
      const value = directory.project(project)?.quotaBytes;
      return value === undefined ? [] : [{ labels: { project }, value }];
    });
    return [
      gauge('sampan_hub_blobs', 'Blobs stored.', [{ value: blobs }]),
      gauge('sampan_hub_blob_bytes', 'Bytes of blobs stored.', [{ value: bytes }]),
      gauge(
        'sampan_hub_project_bytes',
        'Bytes of the distinct blobs and manifests of a project.',
        projects.map(({ project, bytes: value }) => ({ labels: { project }, value })),
      ),
      gauge(
        'sampan_hub_webhook_deliveries',
        'Deliveries that wait (pending) or were given up (failed).',
        (await countUndelivered(records.read)).map(({ webhook, state, count: value }) => ({
          labels: { webhook, state },
          value,
        })),
      ),
      gauge('sampan_hub_project_quota_bytes', 'Bytes that a project may have.', quotas),
    ];
  }

  async #count(): Promise<Stored> {
    const { records, clock } = this.#parts;
    const now = clock.monotonic();
    if (this.#stored && now - this.#stored.at < COUNT_MS) return this.#stored;
    const row = await records.read
      .selectFrom('blobs')
      .select(({ fn }) => [fn.countAll<number>().as('blobs'), fn.sum<number | null>('size').as('bytes')])
      .executeTakeFirstOrThrow();
    this.#stored = { at: now, blobs: Number(row.blobs), bytes: Number(row.bytes ?? 0) };
    return this.#stored;
  }
}

export function gauge(name: string, help: string, samples: Metric['samples']): Metric {
  return { name, type: 'gauge', help, samples };
}
