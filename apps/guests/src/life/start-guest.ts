import { join } from 'node:path';
import type { VersionInfo } from '@sampan/apiserver';
import { Guest, type GuestOptions, type MachineNode } from '../guest.ts';
import { copyDatabase } from '../guest-content.ts';
import { held, missing, upgradeFailed } from '../guest-failure.ts';
import { frontProxyOf, type GuestKeys, readGuestKeys } from '../guest-keys.ts';
import {
  databaseOf,
  GUEST_FORMAT,
  type GuestRecord,
  nextDatabase,
  readRecord,
  removeDatabase,
} from '../guest-record.ts';
import type { Entry } from './entry.ts';
import { replaceContent } from './kept-content.ts';
import type { GuestsOptions } from './options.ts';

export interface StartOptions
  extends GuestsOptions,
    Pick<GuestOptions, 'podsChanged' | 'planned' | 'nodesChanged' | 'networkTaken'> {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Writes what is known of it; what keeps it from that is not this one's business. */
  readonly remember: (change: Partial<GuestRecord>) => void;
}

/** What each cluster is told of where it is. */
export function placeOf(
  { version, externalAddress, log }: GuestsOptions,
  name: string,
): Pick<GuestOptions, 'externalAddress' | 'log'> & { readonly version: VersionInfo } {
  return { version, externalAddress: `${externalAddress}/clusters/${name}`, log };
}

/** Throws `guest-missing`, `guest-keys-invalid`. */
export function keysOf({ name, folder }: Entry): GuestKeys {
  const keys = readGuestKeys(folder);
  if (!keys) throw missing(name);
  return keys;
}

/** Opens a cluster, upgraded when an older release wrote it. Throws what is the matter with its files. */
export function startGuest(options: StartOptions, entry: Entry): Promise<Guest> {
  const { name, folder, settings } = entry;
  const keys = keysOf(entry);
  const record = readRecord(folder);
  const { podsChanged, planned, nodesChanged, networkTaken } = options;
  const start = (file: string) =>
    Guest.open({
      ...placeOf(options, name),
      name,
      file,
      keys,
      frontProxy: () => frontProxyOf(folder),
      node: nodeOf(options, name, record),
      isSandboxed: settings.isSandboxed,
      quota: settings.quota,
      machineQuota: settings.machine,
      ranges: settings.ranges,
      nodeRanges: settings.nodeRanges,
      // records of earlier releases have no uid, and get it with the next settings
      pullSecret: options.pullSecret?.(name, () => entry.settings.uid ?? ''),
      ...(podsChanged ? { podsChanged } : {}),
      ...(planned ? { planned } : {}),
      ...(nodesChanged ? { nodesChanged } : {}),
      ...(networkTaken ? { networkTaken } : {}),
    });
  if (record.release === options.version.gitVersion) return start(databaseOf(folder, record));
  return startUpgraded(options, entry, record, start);
}

/** Of what an older release wrote a copy is served; when that cannot be, nothing has changed. */
async function startUpgraded(
  { version, log, now, remember }: StartOptions,
  { name, folder }: Entry,
  record: GuestRecord,
  start: (file: string) => Promise<Guest>,
): Promise<Guest> {
  const release = version.gitVersion;
  if (record.held === release) throw held(name, release);
  const database = nextDatabase(folder, record);
  try {
    await copyDatabase(databaseOf(folder, record), join(folder, database));
  } catch (error) {
    removeDatabase(folder, database);
    throw error;
  }
  try {
    const guest = await start(join(folder, database));
    replaceContent(folder, { database, format: GUEST_FORMAT, release }, now);
    log.info('a cluster was upgraded', { cluster: name, from: record.release });
    return guest;
  } catch (error) {
    removeDatabase(folder, database);
    remember({ held: release });
    throw upgradeFailed(name, release, error);
  }
}

function nodeOf(
  { node }: GuestsOptions,
  name: string,
  { network: index, settings }: GuestRecord,
): MachineNode | undefined {
  if (!node || index === undefined) return undefined;
  return {
    name: node.name,
    network: node.networks.network(name, index, settings.ranges),
    caller: node.caller,
    agentSocket: node.agentSocket(index),
  };
}
