/**
 * What holds the control planes of guest clusters, as the controller sees it: another process, which may die and be
 * started again at any time. All calls may be repeated; they reject with `SampanError`s, with the code
 * `guests-gone` when the process went away meanwhile.
 */
export interface GuestHost {
  /** Makes a cluster's folder with its keys when it is not there, and has it serve; its settings hold from now on. */
  create(name: string, settings: GuestSettings): Promise<GuestState>;
  /** Has one that is there keep to other settings, without waking it. `guest-missing`: there is none. */
  configure(name: string, settings: GuestSettings): Promise<GuestState>;
  /** Has it serve; no error when it does already. `guest-missing`: there is none. */
  wake(name: string): Promise<GuestState>;
  /** Writes it out and forgets it but for its files; no error when it sleeps already. */
  sleep(name: string): Promise<GuestState>;
  /** Ends it and removes all its files; no error when there is none. */
  remove(name: string): Promise<void>;
  /** Those that are on disk. */
  list(): Promise<readonly string[]>;
  /** As it is now. `guest-missing`. */
  state(name: string): Promise<GuestState>;
}

/** Told with each change of a cluster that nobody asked for by a call: it fell asleep, woke, failed. */
export type GuestListener = (name: string, state: GuestState) => void;

export interface GuestSettings {
  /** Milliseconds without a request before it sleeps; 0: never. */
  readonly idleMs: number;
  /** It answers no requests but with 503, and sleeps. */
  readonly paused: boolean;
  /** Its pods run under gVisor, whatever they ask for. */
  readonly isSandboxed: boolean;
}

export interface GuestState {
  readonly phase: 'awake' | 'asleep' | 'failed';
  /** Of `failed`: why, for people. */
  readonly message?: string;
  /** Of its files. */
  readonly bytes: number;
  /** Absent while it sleeps. */
  readonly objects?: number;
  /** Milliseconds since the epoch; absent: never, or not since the process started. */
  readonly lastRequestAt?: number;
}

/** The methods of `GuestHost`, for the channel between the processes. */
export const GUEST_CALLS = [
  'create',
  'configure',
  'wake',
  'sleep',
  'remove',
  'list',
  'state',
] as const satisfies readonly (keyof GuestHost)[];
