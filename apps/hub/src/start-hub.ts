import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Logger, systemClock } from '@sampan/base';
import { openFileBlobStore } from '@sampan/blobs';
import {
  HUB_MIGRATIONS,
  Hub,
  type HubTables,
  loadKeyPair,
  type MemoryDirectory,
  serveHub,
} from '@sampan/hub';
import { openSqliteRecords } from '@sampan/records';

export interface StartHubOptions {
  /** Holds blobs, metadata and the token key; made if it is not there. For this process alone. */
  readonly folder: string;
  /** Of loopback; 0 picks a free one. */
  readonly port: number;
  readonly directory: MemoryDirectory;
  readonly logger: Logger;
}

export interface RunningHub {
  readonly url: string;
  readonly hub: Hub;
  /** Ends connections and closes the storage. */
  close(): Promise<void>;
}

/** Opens the storage and serves the registry in plain HTTP on loopback, where Docker needs no certificate. */
export async function startHub({ folder, port, directory, logger }: StartHubOptions): Promise<RunningHub> {
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
    scheme: 'http',
  });
  const server = createServer();
  serveHub(server, (request) => hub.handle(request), logger);
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await records.close();
    await blobs.close();
  };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, hub, close };
}
