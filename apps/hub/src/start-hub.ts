import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, systemClock } from '@sampan/base';
import { openFileBlobStore } from '@sampan/blobs';
import { type Directory, HUB_MIGRATIONS, Hub, type HubTables, loadKeyPair } from '@sampan/hub';
import type { Client } from '@sampan/machinery';
import { openSqliteRecords } from '@sampan/records';
import { openListeners } from './listeners/open-listeners.ts';
import { startWebhooks } from './start-webhooks.ts';

export interface StartHubOptions {
  /** Holds blobs, metadata and the token key; made if it is not there. For this process alone. */
  readonly folder: string;
  /** Of loopback; 0 picks a free one. */
  readonly port: number;
  /** This port or none. Default false: a free one in the place of one that is taken. */
  readonly exactly?: boolean;
  /** Where the server process hands requests on; absent: nowhere. */
  readonly socket?: string;
  readonly directory: Directory;
  /** Of the cluster that has the registry's objects; absent: no webhooks. */
  readonly client?: Client;
  readonly logger: Logger;
}

export interface RunningHub {
  readonly url: string;
  readonly port: number;
  /** The port that was to be used but was taken. */
  readonly portTaken: number | undefined;
  readonly hub: Hub;
  /** Ends connections and closes the storage. */
  close(): Promise<void>;
}

/** Opens the storage and serves the registry in plain HTTP on loopback, where Docker needs no certificate. */
export async function startHub(options: StartHubOptions): Promise<RunningHub> {
  const { folder, port, exactly = false, socket, directory, client, logger } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const keyPair = await loadKeyPair(join(folder, 'token-key.json'));
  const blobs = await openFileBlobStore(join(folder, 'blobs'));
  const records = await openSqliteRecords<HubTables>({
    file: join(folder, 'hub.db'),
    migrations: HUB_MIGRATIONS,
  });
  const hub = new Hub({
    blobs,
    records,
    directory,
    keyPair,
    clock: systemClock,
    logger,
    service: 'sampan-hub',
  });
  const webhooks = client && startWebhooks({ hub, records, client, logger });
  await hub.start();
  const listeners = await openListeners({ hub, port, exactly, socket, logger });
  return {
    url: `http://127.0.0.1:${listeners.port}`,
    port: listeners.port,
    portTaken: listeners.portTaken,
    hub,
    close: async () => {
      await listeners.close();
      await Promise.all([hub.close(), webhooks?.close()]);
      await records.close();
      await blobs.close();
    },
  };
}
