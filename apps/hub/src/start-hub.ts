import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, systemClock } from '@sampan/base';
import { type BlobStore, openFileBlobStore } from '@sampan/blobs';
import type { S3BlobStoreOptions } from '@sampan/blobs/s3';
import {
  answerContent,
  ContentChanges,
  type Directory,
  HUB_MIGRATIONS,
  Hub,
  type HubControllers,
  type HubObjects,
  type HubOptions,
  type HubResponse,
  type HubTables,
  loadKeyPair,
  type WebhookHosts,
} from '@sampan/hub';
import type { Client } from '@sampan/machinery';
import { openSqliteRecords } from '@sampan/records';
import { openListeners } from './listeners/open-listeners.ts';
import { startControllers, untilLibrary } from './start-controllers.ts';
import { startWebhooks } from './start-webhooks.ts';

export interface StartHubOptions {
  /** Holds blobs, metadata and the token key; made if it is not there. For this process alone. */
  readonly folder: string;
  /** Where blobs are; absent: in the folder. */
  readonly bucket?: S3BlobStoreOptions | undefined;
  /** Of loopback; 0 picks a free one. */
  readonly port: number;
  /** This port or none. Default false: a free one in the place of one that is taken. */
  readonly exactly?: boolean;
  /** Where the server process hands requests on; absent: nowhere. */
  readonly socket?: string;
  /** What else is done for the server process, by paths of the socket. */
  readonly inside?: (hub: Hub) => Readonly<Record<string, (url: string) => Promise<HubResponse>>>;
  readonly directory: Directory;
  /** The cluster that has the registry's objects; absent: none, so that nothing but `directory` says who and what. */
  readonly cluster?: { readonly client: Client; readonly objects: HubObjects };
  /** It serves from then on, and not before it knows whom; default: at once. */
  readonly known?: Promise<void>;
  readonly logger: Logger;
  /** Who did what; absent: nobody wants to know. */
  readonly audit?: Logger;
  /** Which of this machine's hosts webhooks may call. Default: none. */
  readonly webhookHosts?: WebhookHosts;
  /** In place of the usual ones. */
  readonly limits?: HubOptions['limits'] | undefined;
}

export interface RunningHub {
  readonly url: string;
  readonly port: number;
  /** The port that was to be used but was taken. */
  readonly portTaken: number | undefined;
  readonly hub: Hub;
  readonly controllers: HubControllers | undefined;
  /** Ends connections and closes the storage. */
  close(): Promise<void>;
}

/** Opens the storage and serves the registry in plain HTTP on loopback, where Docker needs no certificate. */
export async function startHub(options: StartHubOptions): Promise<RunningHub> {
  const { folder, port, exactly = false, socket, directory, cluster, logger, audit, limits } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const keyPair = await loadKeyPair(join(folder, 'token-key.json'));
  const blobs = await openBlobs(options);
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
    ...(audit ? { audit } : {}),
    ...(limits ? { limits } : {}),
  });
  const webhooks =
    cluster && startWebhooks({ hub, records, client: cluster.client, hosts: options.webhookHosts, logger });
  let controllers: HubControllers | undefined;
  if (cluster) {
    hub.listen('projects', async (events) => {
      for (const { project } of events) controllers?.contentChanged(project);
    });
  }
  const changes = new ContentChanges(systemClock);
  hub.listen('content', changes.hear);
  await hub.start();
  await options.known;
  const content = (url: string) => answerContent(records.read, url, changes);
  const inside = { ...options.inside?.(hub), '/resources/': content };
  const listeners = await openListeners({ hub, port, exactly, socket, inside, logger });
  if (cluster) controllers = startControllers({ hub, ...cluster, port: listeners.port, logger });
  hub.retention.onRun((project) => controllers?.contentChanged(project));
  if (cluster && controllers) await untilLibrary(cluster.objects, controllers);
  return {
    url: `http://127.0.0.1:${listeners.port}`,
    port: listeners.port,
    portTaken: listeners.portTaken,
    hub,
    controllers,
    close: async () => {
      changes.close();
      await listeners.close();
      await controllers?.stop();
      await Promise.all([hub.close(), webhooks?.close()]);
      await records.close();
      await blobs.close();
    },
  };
}

async function openBlobs({ folder, bucket }: StartHubOptions): Promise<BlobStore> {
  if (!bucket) return openFileBlobStore(join(folder, 'blobs'));
  // its client takes long to load
  const { openS3BlobStore } = await import('@sampan/blobs/s3');
  return openS3BlobStore(bucket);
}
