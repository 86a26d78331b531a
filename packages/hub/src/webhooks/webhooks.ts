import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Logger } from '@sampan/base';
import type { Records } from '@sampan/records';
import type { HubEvent } from '../events/event.ts';
import type { HubTables } from '../metadata/schema.ts';
import {
  addDeliveries,
  countPending,
  dropDeliveries,
  hurryDeliveries,
  type NewDelivery,
  renewDelivery,
  summarize,
  type WebhookSummary,
  webhooksWithDeliveries,
} from './delivery-records.ts';
import { type WebhookTarget, wants } from './target.ts';
import { WebhookSender } from './webhook-sender.ts';

/** With so many that wait, pulls and refusals (of which there is no end, and no promise) are left out. */
const MOST_PENDING = 10_000;

interface WebhooksOptions {
  readonly records: Records<HubTables>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Tells webhooks of events: each event that one wants becomes a delivery in the database, which is sent until it is
 * taken or given up. Which webhooks there are is told by `set` and `remove`.
 */
export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #senders = new Map<string, WebhookSender>();
  readonly #known = Promise.withResolvers<void>();
  readonly #onTry = new Set<(webhook: string) => void>();
  /** The events that are being kept. */
  #adding: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: WebhooksOptions) {
    this.#options = options;
    // whether anyone waits or not
    this.#known.promise.catch(() => undefined);
  }

  /** For `EventLog.listen`. Waits until it is known which webhooks there are. */
  readonly listener = async (events: readonly HubEvent[]): Promise<void> => {
    await this.#known.promise;
    const adding = this.#add(events);
    this.#adding = adding.catch(() => undefined);
    await adding;
  };

  async #add(events: readonly HubEvent[]): Promise<void> {
    const { records, clock } = this.#options;
    const deliveries: NewDelivery[] = [];
    for (const { target } of this.#senders.values()) {
      const wanted = events.filter((event) => wants(target, event));
      for (const event of await this.#bounded(target.name, wanted)) {
        deliveries.push({ id: randomUUID(), webhook: target.name, event });
      }
    }
    if (deliveries.length === 0) return;
    await records.write((to) => addDeliveries(to, deliveries, clock.now()));
    for (const name of new Set(deliveries.map(({ webhook }) => webhook))) this.#senders.get(name)?.wake();
  }

  /** Adds it or replaces the one of that name; the same again changes nothing. */
  async set(target: WebhookTarget): Promise<void> {
    if (this.#closed) return;
    const sender = this.#senders.get(target.name);
    if (!sender) {
      this.#senders.set(target.name, this.#senderOf(target));
    } else if (!isDeepStrictEqual(sender.target, target)) {
      const { records, clock } = this.#options;
      await records.write((to) => hurryDeliveries(to, target.name, clock.now()));
      sender.retarget(target);
    }
  }

  /** Forgets it with its deliveries. */
  async remove(name: string): Promise<void> {
    const sender = this.#senders.get(name);
    this.#senders.delete(name);
    await sender?.close();
    // it may be about to be told of something
    await this.#adding;
    await this.#options.records.write((to) => dropDeliveries(to, name));
  }

  /** All that there are have been `set`: others are gone. */
  async known(): Promise<void> {
    for (const name of await webhooksWithDeliveries(this.#options.records.read)) {
      if (!this.#senders.has(name)) await this.remove(name);
    }
    this.#known.resolve();
  }

  /** Sends a delivery again, now; whether the webhook has it. */
  async replay(webhook: string, delivery: string): Promise<boolean> {
    const { records, clock } = this.#options;
    const renewed = await records.write((to) => renewDelivery(to, webhook, delivery, clock.now()));
    if (renewed) this.#senders.get(webhook)?.hurry();
    return renewed;
  }

  summary(webhook: string): Promise<WebhookSummary> {
    return summarize(this.#options.records.read, webhook);
  }

  /** Calls `handler` with a webhook's name after each try; the returned function ends that. */
  onTry(handler: (webhook: string) => void): () => void {
    this.#onTry.add(handler);
    return () => void this.#onTry.delete(handler);
  }

  /** Breaks off what is under way; the next process goes on. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#known.reject(new Error('the registry ends'));
    await Promise.all([...this.#senders.values()].map((sender) => sender.close()));
  }

  async #bounded(webhook: string, events: readonly HubEvent[]): Promise<readonly HubEvent[]> {
    const { records, logger } = this.#options;
    const kept = events.filter(({ type }) => type !== 'pull' && type !== 'quota');
    if (kept.length === events.length || (await countPending(records.read, webhook)) < MOST_PENDING)
      return events;
    logger.warn('a webhook is not told of pulls and refusals', { webhook, pending: MOST_PENDING });
    return kept;
  }

  #senderOf(target: WebhookTarget): WebhookSender {
    const { name } = target;
    const onTry = () => {
      for (const handler of this.#onTry) handler(name);
    };
    return new WebhookSender(target, { ...this.#options, onTry });
  }
}
