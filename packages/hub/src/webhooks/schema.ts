import type { Migration } from '@sampan/records';

export interface DeliveryTables {
  webhook_deliveries: DeliveryTable;
}

/** `pending`: is tried until it is taken or given up (`failed`). */
export type DeliveryState = 'pending' | 'delivered' | 'failed';

/** One event for one webhook. Times are milliseconds since the epoch. */
interface DeliveryTable {
  id: string;
  /** The name of the Webhook object. */
  webhook: string;
  project: string;
  /** The event's id, and the event as JSON. */
  event: string;
  type: string;
  body: string;
  created: number;
  state: DeliveryState;
  /** Tries so far, of this round: a replay begins at 0 again. */
  attempts: number;
  /** When this round began. */
  begun: number;
  /** When it is due. */
  next: number;
  /** The last try: when, the status of the answer, why it failed, how many milliseconds it took. */
  last: number | null;
  code: number | null;
  error: string | null;
  duration: number | null;
}

export const DELIVERY_MIGRATIONS: readonly Migration[] = [
  {
    name: '3-webhook-deliveries',
    sql: `
CREATE TABLE webhook_deliveries (
  id TEXT NOT NULL PRIMARY KEY, webhook TEXT NOT NULL, project TEXT NOT NULL, event TEXT NOT NULL, type TEXT NOT NULL,
  body TEXT NOT NULL, created INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
  begun INTEGER NOT NULL, next INTEGER NOT NULL, last INTEGER, code INTEGER, error TEXT, duration INTEGER
);
CREATE UNIQUE INDEX webhook_deliveries_event ON webhook_deliveries (webhook, event);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook, state, next);
CREATE INDEX webhook_deliveries_last ON webhook_deliveries (webhook, last);
CREATE INDEX webhook_deliveries_created ON webhook_deliveries (created, id);
`,
  },
];
