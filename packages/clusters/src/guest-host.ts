import type { Revocation } from '@sampan/machinery';
import type { GuestRanges, MachineQuota } from './node-request.ts';

/**
 * What holds the control planes of guest clusters, as the controller sees it: another process, which may die and be
 * started again at any time. All calls may be repeated; they reject with `SampanError`s, with the code
 * `guests-gone` when the process went away meanwhile.
 */
export interface GuestHost {
  /**
   * Makes a cluster when it is not there, and has it serve; its settings hold from now on. Whole or not at all. What it
   * is made of must be there: `guest-missing`, `guest-backup-*`, `guest-too-new`.
   */
  create(name: string, settings: GuestSettings, origin?: GuestOrigin): Promise<GuestState>;
  /** Has one that is there keep to other settings, without waking it. `guest-missing`: there is none. */
  configure(name: string, settings: GuestSettings): Promise<GuestState>;
  /** Has it serve; no error when it does already. `guest-missing`: there is none. */
  wake(name: string): Promise<GuestState>;
  /** Writes it out and forgets it but for its files; no error when it sleeps already. */
  sleep(name: string): Promise<GuestState>;
  /** Ends it and removes all its files; no error when there is none. */
  remove(name: string): Promise<void>;
  /** Those that are on disk, by their names; without those that must be configured before anything is said of them. */
  phases(): Promise<Readonly<Record<string, GuestState['phase']>>>;
  /** Copies it to a new file, while it serves or asleep, and removes older ones but for so many newest. */
  backup(name: string, keep: number): Promise<GuestBackup>;
  /** Puts back what a backup holds; what was there is kept for a day (`rollback`). */
  restore(name: string, backup: string): Promise<GuestState>;
  /** To this release, when it is not yet; what was there is kept for a day (`rollback`). `guest-upgrade-failed`. */
  upgrade(name: string): Promise<GuestState>;
  /** Puts back what was there before the last upgrade or restore. `guest-no-rollback`: nothing is kept. */
  rollback(name: string): Promise<GuestState>;
  /** New keys sign; the old ones are believed until `finishRotation`. No change when that is so already. */
  startRotation(name: string): Promise<GuestState>;
  /** The old keys are believed no more. */
  finishRotation(name: string): Promise<GuestState>;
  /** As it is now. `guest-missing`. */
  state(name: string): Promise<GuestState>;
}

/** Told with each change of a cluster that nobody asked for by a call: it fell asleep, woke, failed. */
export type GuestListener = (name: string, state: GuestState) => void;

export interface GuestSettings {
  /** Of the Cluster object: a later one of the same name has another. */
  readonly uid: string;
  /** Milliseconds without a request before it sleeps; 0: never. */
  readonly idleMs: number;
  /** It answers no requests but with 503, and sleeps. */
  readonly paused: boolean;
  /** Its pods run under gVisor, whatever they ask for. */
  readonly isSandboxed: boolean;
  /** It lies in the trash: as paused, and its pods end. */
  readonly isDeleted: boolean;
  /** What it may store, and be asked; absent: as much as there is room. */
  readonly quota: { readonly objects?: number; readonly bytes?: number; readonly requestsPerSecond?: number };
  /** What its pods may take of the machine. */
  readonly machine: MachineQuota;
  /** Never changes in the life of a cluster. */
  readonly ranges: GuestRanges;
  /** CIDRs of machines that may join it, whose kubelets it may call. */
  readonly nodeRanges: readonly string[];
  /** Certificates that are believed no more; those that were named once never are again. */
  readonly revoked: readonly Revocation[];
}

/** Of what a cluster is made; one of both. */
export interface GuestOrigin {
  readonly cluster?: string;
  /** Below the home's folder of backups. */
  readonly backup?: string;
}

export interface GuestBackup {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Below the home's folder of backups. */
  readonly file: string;
  readonly bytes: number;
}

export interface GuestState {
  readonly phase: 'awake' | 'asleep' | 'failed';
  /** Of `failed`: why, for people, and the error's code. */
  readonly message?: string;
  readonly code?: string;
  /** Of its files. */
  readonly bytes: number;
  /** Absent while it sleeps. */
  readonly objects?: number;
  /** Absent while it sleeps. */
  readonly nodes?: number;
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
  'phases',
  'backup',
  'restore',
  'upgrade',
  'rollback',
  'startRotation',
  'finishRotation',
  'state',
] as const satisfies readonly (keyof GuestHost)[];
