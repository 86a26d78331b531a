import type { HubRequest } from './message.ts';
import type { Action } from './routes.ts';

/** Who makes a request, as far as its credentials say. */
export interface Caller {
  /** As the audit log and uploads name them; empty: anonymous. */
  readonly name: string;
  /** Whether they may do this too; for the source of a mount. */
  may(action: 'pull', repository: string): boolean;
}

export interface Wanted {
  readonly action: Action;
  /** Empty for the registry as a whole. */
  readonly repository: string;
  /**
   * When the work began that this request goes on with, milliseconds since the epoch: credentials that were valid
   * then are enough, so that a long upload outlives its token. Undefined: it must be valid now.
   */
  readonly since: number | undefined;
}

/** Decides on each request before anything of it is read. */
export interface Gate {
  /** @throws RegistryError UNAUTHORIZED with a challenge, or DENIED */
  admit(request: HubRequest, wanted: Wanted): Promise<Caller>;
}
