/** The two servers that are compared, each as processes of their own. */
import type { Access } from './http.ts';

/** A running server that can be loaded, weighed and restarted. */
export interface Contestant {
  readonly name: 'upstream' | 'Sampan';
  /** With an administrator's certificate. */
  readonly admin: Access;
  /** All processes that belong to it: their memory and processor time are added. */
  readonly pids: readonly number[];
  /** From spawning the server until `/readyz` first answered 200, in milliseconds. */
  readonly startMs: number;
  /** Ends the server and starts it again on what is stored; `pids` and `startMs` are those of the new one. */
  restart(): Promise<void>;
  /** Ends all and removes what is stored. */
  stop(): Promise<void>;
}
