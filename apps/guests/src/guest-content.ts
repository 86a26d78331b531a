import { closeSync, constants, existsSync, fsyncSync, openSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { createControlPlane, SigningKeys, type VersionInfo } from '@sampan/apiserver';
import type { Logger } from '@sampan/base';
import type { GuestRanges } from '@sampan/clusters';
import type { Client } from '@sampan/machinery';
import { openSqliteStore } from '@sampan/store';
import type { GuestKeys } from './guest-keys.ts';

/** Copies the objects of a cluster that sleeps, with what a crash left in the write-ahead log. The copy is not opened. */
export async function copyDatabase(from: string, to: string): Promise<void> {
  for (const suffix of ['-wal', '']) {
    if (!existsSync(from + suffix)) continue;
    await copyFile(from + suffix, to + suffix, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    sync(to + suffix);
  }
}

function sync(file: string): void {
  const handle = openSync(file, 'r+');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Writes all of a cluster's objects that nobody has open into the one file. Throws the store's errors. */
export async function foldDatabase(file: string): Promise<void> {
  await openSqliteStore({ file }).close();
}

export interface ContentOptions {
  readonly file: string;
  readonly keys: GuestKeys;
  readonly version: VersionInfo;
  readonly externalAddress: string;
  readonly ranges: GuestRanges;
  readonly log: Logger;
}

/** Brings a database to this release, which proves that it can be served, and changes what is in it. */
export async function changeContent(
  { file, keys, version, externalAddress, ranges, log }: ContentOptions,
  change: (client: Client) => Promise<void>,
): Promise<void> {
  const store = openSqliteStore({ file });
  try {
    const plane = await createControlPlane({
      store,
      clientCa: keys.trusted,
      keys: new SigningKeys(keys.serviceAccountKey, keys.olderServiceAccountKeys),
      version,
      externalAddress,
      serviceRange: ranges.services,
      log,
    });
    await change(plane.client('sampan-server')).finally(() => plane.stop());
  } finally {
    await store.close();
  }
}
