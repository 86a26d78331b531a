import type { Logger } from '@sampan/base';
import type { Origin } from '../api/message.ts';
import type { HubEvent } from '../events/event.ts';

/** More is no name, and would fill the log. */
const MOST_NAME = 256;

/**
 * Writes who pushed, pulled and deleted what from where, and who could not log in: one line each. An event that was told
 * again after a crash has the same `id` as the first time.
 */
export class AuditLog {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** A listener of events. */
  readonly hear = async (events: readonly HubEvent[]): Promise<void> => {
    for (const { type, time, ...fields } of events) {
      this.#log.info(type, { at: new Date(time).toISOString(), ...fields });
    }
  };

  loginFailed(actor: string, { address }: Origin): void {
    this.#log.warn('login-failed', { actor: actor.slice(0, MOST_NAME), address });
  }
}
