import { deepEqual } from '@sampan/base';
import type { GuestSettings } from '@sampan/clusters';
import type { Guest } from '../guest.ts';
import { sleeps } from '../guest-failure.ts';
import { revoke } from '../guest-keys.ts';
import { changeRecord, readRecord } from '../guest-record.ts';
import { awake, type Entry } from './entry.ts';
import type { OpenGuests } from './open-guests.ts';
import { keysOf } from './start-guest.ts';

/** Has a cluster keep to other settings, without waking it: in its turn. */
export async function configure(guests: OpenGuests, entry: Entry, settings: GuestSettings): Promise<void> {
  const { name, folder } = entry;
  const guest = await awake(entry);
  const { settings: before, isRestored } = readRecord(folder);
  if (before.isSandboxed !== settings.isSandboxed) await changeTrust(guests, entry, guest, settings);
  if (isRestored || !deepEqual(before, settings))
    changeRecord(folder, ({ isRestored: _restored, ...record }) => ({ ...record, settings }));
  entry.settings = settings;
  if (revoke(folder, settings.revoked)) guest?.revoke(keysOf(entry).revoked);
  guests.restored.delete(name);
  guest?.configure(settings);
  if (sleeps(settings)) await guests.close(entry);
  else if (guest) guests.plan.awake(entry, guest);
  else guests.plan.asleep(name, readRecord(folder));
  await endPods(guests, entry, settings);
}

/** Pods that run begin anew, in the other way. */
async function changeTrust(
  { options }: OpenGuests,
  { name, folder }: Entry,
  guest: Guest | undefined,
  { isSandboxed }: GuestSettings,
): Promise<void> {
  guest?.setSandboxed(isSandboxed);
  if (!readRecord(folder).hasPods) return;
  await options.node?.caller.endPods(name);
  guest?.setSandboxed(isSandboxed);
}

/** In the trash they run no more; had back, they begin anew. */
async function endPods(
  { options }: OpenGuests,
  { name, folder }: Entry,
  { isDeleted }: GuestSettings,
): Promise<void> {
  const { hasPods, podsEnded = false } = readRecord(folder);
  if (!hasPods || podsEnded === isDeleted) return;
  if (isDeleted) await options.node?.caller.endPods(name);
  changeRecord(folder, (record) => ({ ...record, podsEnded: isDeleted }));
}
