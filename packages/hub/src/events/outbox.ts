import type { Reader, Writer } from '../metadata/repositories.ts';
import type { HubEvent } from './event.ts';

/** Three columns each, and one for a deletion: below PostgreSQL's and SQLite's limits of parameters. */
const ROWS_AT_ONCE = 1000;

export async function addToOutbox(to: Writer, events: readonly HubEvent[]): Promise<void> {
  for (let start = 0; start < events.length; start += ROWS_AT_ONCE) {
    const rows = events.slice(start, start + ROWS_AT_ONCE);
    await to
      .insertInto('event_outbox')
      .values(rows.map((event) => ({ id: event.id, time: event.time, body: JSON.stringify(event) })))
      .execute();
  }
}

export async function removeFromOutbox(to: Writer, ids: readonly string[]): Promise<void> {
  for (let start = 0; start < ids.length; start += ROWS_AT_ONCE) {
    await to
      .deleteFrom('event_outbox')
      .where('id', 'in', ids.slice(start, start + ROWS_AT_ONCE))
      .execute();
  }
}

/** The oldest first. */
export async function readOutbox(from: Reader): Promise<HubEvent[]> {
  const rows = await from.selectFrom('event_outbox').select('body').orderBy('time').orderBy('id').execute();
  return rows.map(({ body }) => JSON.parse(body) as HubEvent);
}
