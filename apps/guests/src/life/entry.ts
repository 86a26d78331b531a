import type { GuestSettings, GuestState } from '@sampan/clusters';
import type { Guest } from '../guest.ts';
import type { Failure } from '../guest-failure.ts';

/** What is known of a cluster while this process runs. */
export interface Entry {
  readonly name: string;
  readonly folder: string;
  settings: GuestSettings;
  /** Awake, or waking. */
  guest: Promise<Guest> | undefined;
  failure: Failure | undefined;
  /** While it is made of another cluster: that one's name. */
  madeOf: string | undefined;
  /** Who asked to use it and did not begin yet. */
  users: number;
  /** What is done to it, one thing after the other. */
  turn: Promise<unknown>;
}

export const phaseOf = (entry: Entry | undefined): GuestState['phase'] =>
  entry?.guest ? 'awake' : entry?.failure ? 'failed' : 'asleep';

/** It, when it is awake, or once it is; undefined: it sleeps, or cannot be opened. */
export async function awake({ guest }: Entry): Promise<Guest | undefined> {
  return guest?.catch(() => undefined);
}
