import { assertServes } from '../guest-failure.ts';
import { finishRotation, startRotation } from '../guest-keys.ts';
import type { Entry } from './entry.ts';
import type { OpenGuests } from './open-guests.ts';

/** New keys sign; the old ones are believed, too: in its turn. */
export async function beginRotation(guests: OpenGuests, entry: Entry): Promise<void> {
  assertServes(entry.name, entry.settings);
  startRotation(entry.folder);
  await guests.close(entry, false);
  const guest = await guests.open(entry, false);
  await guest.renewTokens();
}

/** The old keys are believed no more: in its turn. */
export async function endRotation(guests: OpenGuests, entry: Entry): Promise<void> {
  finishRotation(entry.folder);
  const isAwake = entry.guest !== undefined;
  await guests.close(entry, false);
  if (isAwake) await guests.openAgain(entry);
}
