import type { Selectable } from 'kysely';
import type { HubEvent } from '../events/event.ts';
import type { Reader, Writer } from '../metadata/repositories.ts';
import type { HubTables } from '../metadata/schema.ts';
import type { DeliveryState } from './schema.ts';

export type Delivery = Selectable<HubTables['webhook_deliveries']>;

export interface NewDelivery {
  readonly id: string;
  readonly webhook: string;
  readonly event: HubEvent;
}

/** Fifteen columns each: below PostgreSQL's and SQLite's limits of parameters. */
const ROWS_AT_ONCE = 500;

/** Keeps what is to be sent. The same event for the same webhook again changes nothing. */
export async function addDeliveries(
  to: Writer,
  deliveries: readonly NewDelivery[],
  now: number,
): Promise<void> {
  for (let start = 0; start < deliveries.length; start += ROWS_AT_ONCE) {
    await to
      .insertInto('webhook_deliveries')
      .values(deliveries.slice(start, start + ROWS_AT_ONCE).map((delivery) => rowOf(delivery, now)))
      .onConflict((conflict) => conflict.columns(['webhook', 'event']).doNothing())
      .execute();
  }
}

function rowOf({ id, webhook, event }: NewDelivery, now: number): Delivery {
  const { id: eventId, type, project } = event;
  const text = { webhook, project, event: eventId, type, body: JSON.stringify(event) };
  const tries = { attempts: 0, begun: now, next: now, last: null, code: null, error: null, duration: null };
  return { id, ...text, created: event.time, state: 'pending', ...tries };
}

/** What is due at `now`, the oldest first. */
export function dueDeliveries(
  from: Reader,
  webhook: string,
  now: number,
  limit: number,
): Promise<Delivery[]> {
  return from
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('webhook', '=', webhook)
    .where('state', '=', 'pending')
    .where('next', '<=', now)
    .orderBy('next')
    .limit(limit)
    .execute();
}

/** When the first one becomes due that is not due at `now`; undefined: there is none. */
export async function nextDue(from: Reader, webhook: string, now: number): Promise<number | undefined> {
  const row = await from
    .selectFrom('webhook_deliveries')
    .select('next')
    .where('webhook', '=', webhook)
    .where('state', '=', 'pending')
    .where('next', '>', now)
    .orderBy('next')
    .limit(1)
    .executeTakeFirst();
  return row?.next;
}

export async function countPending(from: Reader, webhook: string): Promise<number> {
  const row = await counting(from, webhook, 'pending').executeTakeFirstOrThrow();
  return Number(row.count);
}

function counting(from: Reader, webhook: string, state: DeliveryState) {
  return from
    .selectFrom('webhook_deliveries')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('webhook', '=', webhook)
    .where('state', '=', state);
}

/** How many deliveries of each webhook wait, and how many were given up. */
export async function countUndelivered(
  from: Reader,
): Promise<{ webhook: string; state: DeliveryState; count: number }[]> {
  const rows = await from
    .selectFrom('webhook_deliveries')
    .select(['webhook', 'state', ({ fn }) => fn.countAll<number | string>().as('count')])
    .where('state', '<>', 'delivered')
    .groupBy(['webhook', 'state'])
    .orderBy('webhook')
    .orderBy('state')
    .execute();
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

type Outcome = Pick<Delivery, 'state' | 'attempts' | 'next' | 'last' | 'code' | 'error' | 'duration'>;

/** Writes down a try of a delivery as it was then, unless it went or was asked for again meanwhile. */
export async function recordTry(
  to: Writer,
  { id, begun }: Pick<Delivery, 'id' | 'begun'>,
  outcome: Outcome,
): Promise<void> {
  await to
    .updateTable('webhook_deliveries')
    .set(outcome)
    .where('id', '=', id)
    .where('begun', '=', begun)
    .execute();
}

/** Makes a delivery due now, from the first try on, whatever came of it before; whether the webhook has it. */
export async function renewDelivery(to: Writer, webhook: string, id: string, now: number): Promise<boolean> {
  const result = await to
    .updateTable('webhook_deliveries')
    .set({ state: 'pending', attempts: 0, begun: now, next: now })
    .where('id', '=', id)
    .where('webhook', '=', webhook)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Makes all that waits due now. */
export async function hurryDeliveries(to: Writer, webhook: string, now: number): Promise<void> {
  await to
    .updateTable('webhook_deliveries')
    .set({ next: now })
    .where('webhook', '=', webhook)
    .where('state', '=', 'pending')
    .execute();
}

export interface WebhookSummary {
  readonly pending: number;
  readonly failed: number;
  readonly lastTry: LastTry | undefined;
}

interface LastTry {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** HTTP status; null: there was no answer. */
  readonly code: number | null;
  /** Why it is not as good as taken; null: it is. */
  readonly error: string | null;
  readonly ok: boolean;
}

/** How it stands with a webhook's deliveries, all at one moment. */
export async function summarize(from: Reader, webhook: string): Promise<WebhookSummary> {
  const counts = from.selectNoFrom([
    counting(from, webhook, 'pending').as('pending'),
    counting(from, webhook, 'failed').as('failed'),
  ]);
  const tried = from
    .selectFrom('webhook_deliveries')
    .select(['last', 'code', 'error', 'state'])
    .where('webhook', '=', webhook)
    .where('last', 'is not', null)
    .orderBy('last', 'desc')
    .limit(1);
  const { pending, failed, last, code, error, state } = await from
    .selectFrom(counts.as('counts'))
    .leftJoin(tried.as('tried'), (join) => join.onTrue())
    .selectAll()
    .executeTakeFirstOrThrow();
  const lastTry = last === null ? undefined : { time: last, code, error, ok: state === 'delivered' };
  return { pending: Number(pending), failed: Number(failed), lastTry };
}

/** Forgets what ended before `before`, and of the rest of what ended all but the `keep` newest. */
export async function pruneDeliveries(
  to: Writer,
  webhook: string,
  before: number,
  keep: number,
): Promise<void> {
  const oldest = await to
    .selectFrom('webhook_deliveries')
    .select('created')
    .where('webhook', '=', webhook)
    .where('state', '<>', 'pending')
    .orderBy('created', 'desc')
    .offset(keep)
    .limit(1)
    .executeTakeFirst();
  await to
    .deleteFrom('webhook_deliveries')
    .where('webhook', '=', webhook)
    .where('state', '<>', 'pending')
    .where('created', '<=', Math.max(before, oldest?.created ?? 0))
    .execute();
}

/** Forgets all of a webhook that is gone. */
export async function dropDeliveries(to: Writer, webhook: string): Promise<void> {
  await to.deleteFrom('webhook_deliveries').where('webhook', '=', webhook).execute();
}

/** Of which webhooks there are deliveries. */
export async function webhooksWithDeliveries(from: Reader): Promise<string[]> {
  const rows = await from.selectFrom('webhook_deliveries').select('webhook').distinct().execute();
  return rows.map(({ webhook }) => webhook);
}
