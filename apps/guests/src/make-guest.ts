import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { VersionInfo } from '@sampan/apiserver';
import type { Logger } from '@sampan/base';
import type { GuestSettings } from '@sampan/clusters';
import { writeFileSafely } from '@sampan/home';
import { changeContent } from './guest-content.ts';
import { createGuestKeys, KEYS_FILE, readGuestKeys } from './guest-keys.ts';
import { databaseOf, GUEST_FORMAT, type GuestRecord, writeRecord } from './guest-record.ts';
import { beginNewLife, renewTokens } from './new-life.ts';

export interface NewGuest {
  /** That is to be there when it is made. */
  readonly folder: string;
  readonly settings: GuestSettings;
  readonly network: number | undefined;
  readonly version: VersionInfo;
  readonly externalAddress: string;
  readonly log: Logger;
  /** Writes the objects that it begins with; resolves with the keys (as `keys.json`) when it keeps these. */
  readonly fill?: ((database: string) => Promise<string | undefined>) | undefined;
}

/** No names of clusters, so that nobody takes these folders for some. */
const MAKING = '.new-';
const REMOVING = '.gone-';

/** Makes a cluster's folder: it has its name when it is whole. */
export async function makeGuest(options: NewGuest): Promise<void> {
  const { folder, settings, network, version, fill } = options;
  const making = join(dirname(folder), MAKING + basename(folder));
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { mode: 0o700 });
  try {
    const record: GuestRecord = {
      format: GUEST_FORMAT,
      release: version.gitVersion,
      settings,
      ...(network === undefined ? {} : { network }),
    };
    if (fill) await beginWith(options, making, await fill(databaseOf(making, record)));
    else createGuestKeys(making);
    writeRecord(making, record);
    // what an earlier release began and did not end
    rmSync(folder, { recursive: true, force: true });
    renameSync(making, folder);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
}

async function beginWith(options: NewGuest, folder: string, own: string | undefined): Promise<void> {
  if (own === undefined) createGuestKeys(folder);
  else writeFileSafely(join(folder, KEYS_FILE), own);
  const keys = readGuestKeys(folder);
  if (!keys) throw new Error('keys that were just written are there');
  const file = databaseOf(folder, { format: GUEST_FORMAT });
  const { ranges } = options.settings;
  await changeContent({ ...options, file, keys, ranges }, async (client) => {
    await beginNewLife(client, ranges);
    if (own === undefined) await renewTokens(client);
  });
}

/** Removes a cluster's folder: at once it is nobody's. No error when there is none. */
export function removeGuest(folder: string): void {
  const removing = join(dirname(folder), REMOVING + basename(folder));
  rmSync(removing, { recursive: true, force: true });
  try {
    renameSync(folder, removing);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  rmSync(removing, { recursive: true, force: true });
}

/** Removes what a crash left half made or half removed. */
export function removeLeftOvers(clusters: string): void {
  for (const name of readdirSync(clusters)) {
    if (name.startsWith(MAKING) || name.startsWith(REMOVING))
      rmSync(join(clusters, name), { recursive: true, force: true });
  }
}
