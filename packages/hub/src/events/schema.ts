import type { Migration } from '@sampan/records';

export interface EventTables {
  /** Events that happened and that not all listeners have dealt with; `body` is the event as JSON. */
  event_outbox: { id: string; time: number; body: string };
}

export const EVENT_MIGRATIONS: readonly Migration[] = [
  {
    name: '2-events',
    sql: `
CREATE TABLE event_outbox (id TEXT NOT NULL PRIMARY KEY, time INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX event_outbox_time ON event_outbox (time, id);
`,
  },
];
