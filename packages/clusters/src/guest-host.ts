/**
 * What holds the control planes of guest clusters, as the controller sees it: another process, which may die and be
 * started again at any time. All calls may be repeated; they reject with `SampanError`s, with the code
 * `guests-gone` when the process went away meanwhile.
 */
export interface GuestHost {
  /** Makes a cluster's folder with its keys and first objects when it is not there; it is awake then. */
  create(name: string): Promise<GuestFacts>;
  /** Has it serve; no error when it does already. `guest-missing`: there is none. */
  wake(name: string): Promise<GuestFacts>;
  /** Writes it out and forgets it but for its files; no error when it sleeps already. */
  sleep(name: string): Promise<void>;
  /** Ends it and removes all its files; no error when there is none. */
  remove(name: string): Promise<void>;
  /** Those that are on disk. */
  list(): Promise<readonly string[]>;
  /** Of one that is awake; undefined: it sleeps. */
  stats(name: string): Promise<GuestStats | undefined>;
}

export interface GuestFacts {
  /** PEM of the authority of its client certificates. */
  readonly clientCa: string;
}

export interface GuestStats {
  readonly objects: number;
  /** On disk. */
  readonly bytes: number;
  /** Milliseconds since the epoch; undefined: never. */
  readonly lastRequestAt: number | undefined;
  /** Watches and streams of clients. */
  readonly connections: number;
  /** Pods that are bound to a node and not over. */
  readonly runningPods: number;
}
