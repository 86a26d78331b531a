import { readRecord } from '../guest-record.ts';
import { removeGuest } from '../make-guest.ts';
import { awake, type Entry } from './entry.ts';
import type { OpenGuests } from './open-guests.ts';

/** Ends a cluster and removes all that is its: in its turn. */
export async function remove(guests: OpenGuests, entry: Entry): Promise<void> {
  guests.plan.forget(entry.name);
  const opening = awake(entry);
  entry.guest = undefined;
  entry.failure = undefined;
  const guest = await opening;
  await guest?.close({ stopNode: false });
  await endNode(guests, entry);
  removeGuest(entry.folder);
}

/** Whatever its pods left on the machine. */
async function endNode(guests: OpenGuests, entry: Entry): Promise<void> {
  const { node } = guests.options;
  const network = networkOf(guests, entry);
  if (!node || network === undefined) return;
  await node.caller.stop(entry.name, { end: true }).catch((error: unknown) => {
    // at its next start it ends what is of no cluster
    guests.report(entry.name, error);
  });
  node.networks.giveBack(network);
}

function networkOf(guests: OpenGuests, { name, folder }: Entry): number | undefined {
  try {
    return readRecord(folder).network;
  } catch (error) {
    // it is removed all the same; its network is free when nobody uses it any more
    guests.report(name, error);
    return undefined;
  }
}
