import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, silentLogger, systemClock } from '@sampan/base';
import { type BlobStore, type Digest, digestOf, openFileBlobStore } from '@sampan/blobs';
import { openSqliteRecords, type Records } from '@sampan/records';
import type { Listener } from '../src/events/event-queue.ts';
import { serveHub } from '../src/http/listener.ts';
import {
  HUB_MIGRATIONS,
  Hub,
  type HubOptions,
  type HubTables,
  hashPassword,
  loadKeyPair,
  MemoryDirectory,
  type OriginOf,
} from '../src/index.ts';

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** Opens a database that is empty. */
export type OpenRecords = (folder: string) => Promise<Records<HubTables>>;

const openSqlite: OpenRecords = (folder) =>
  openSqliteRecords({ file: join(folder, 'hub.db'), migrations: HUB_MIGRATIONS });

/** Opens blobs of which there are none yet. */
export type OpenBlobs = (folder: string) => Promise<BlobStore>;

const openFiles: OpenBlobs = (folder) => openFileBlobStore(join(folder, 'blobs'));

export interface TestOptions extends Pick<Partial<HubOptions>, 'limits' | 'audit'> {
  readonly openRecords?: OpenRecords | undefined;
  readonly openBlobs?: OpenBlobs | undefined;
  readonly originOf?: OriginOf | undefined;
}

/** A hub on a free port: `open` is a public project, `closed` a private one of which `dev` is a developer. */
export class TestHub implements AsyncDisposable {
  readonly url: string;
  readonly host: string;
  readonly directory: MemoryDirectory;
  readonly records: Records<HubTables>;
  readonly blobs: BlobStore;
  readonly hub: Hub;
  readonly #close: () => Promise<void>;

  private constructor(
    fields: Pick<TestHub, 'url' | 'directory' | 'records' | 'blobs' | 'hub'>,
    close: () => Promise<void>,
  ) {
    this.url = fields.url;
    this.host = new URL(fields.url).host;
    this.directory = fields.directory;
    this.records = fields.records;
    this.blobs = fields.blobs;
    this.hub = fields.hub;
    this.#close = close;
  }

  /** `listeners` are told of events. */
  static async start(
    clock: Clock = systemClock,
    listeners: readonly Listener[] = [],
    { originOf, openRecords = openSqlite, openBlobs = openFiles, ...options }: TestOptions = {},
  ): Promise<TestHub> {
    const folder = await mkdtemp(join(tmpdir(), 'sampan-hub-'));
    const blobs = await openBlobs(folder);
    const records = await openRecords(folder);
    const directory = await testDirectory();
    const hub = new Hub({
      blobs,
      records,
      directory,
      keyPair: await loadKeyPair(join(folder, 'token-key.json')),
      clock,
      logger: { ...silentLogger, error: (message, fields) => console.error(message, fields) },
      service: 'hub',
      ...options,
    });
    for (const [index, listener] of listeners.entries()) hub.listen(`test ${index}`, listener);
    await hub.start();
    const server = createServer();
    serveHub(server, (request) => hub.handle(request), silentLogger, originOf);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new TestHub({ url: `http://127.0.0.1:${port}`, directory, records, blobs, hub }, async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await hub.close();
      await records.close();
      await blobs.close();
      await rm(folder, { recursive: true });
    });
  }

  /** A token with `actions` on `repositories`, as `name`. */
  async token(name: string, scopes: readonly string[]): Promise<string> {
    const query = new URLSearchParams([['service', 'hub'], ...scopes.map((scope) => ['scope', scope])]);
    const headers = name === '' ? {} : { authorization: basic(name, PASSWORD) };
    const answer = await fetch(`${this.url}/hub/token?${query}`, { headers });
    return ((await answer.json()) as { token: string }).token;
  }

  /** A client of one repository with all rights that `dev` has there. */
  async client(repository = 'open/app', name = 'dev'): Promise<TestClient> {
    const token = await this.token(name, [`repository:${repository}:pull,push,delete`]);
    return new TestClient(this.url, repository, token);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

export const PASSWORD = 'correct horse';

/** Made once: it takes its time. */
const passwordHash = hashPassword(PASSWORD);

export const basic = (name: string, password: string): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

async function testDirectory(): Promise<MemoryDirectory> {
  const directory = new MemoryDirectory();
  const hash = await passwordHash;
  directory.setAccount({ name: 'dev', hash, administrator: false });
  directory.setAccount({ name: 'guest', hash, administrator: false });
  directory.setAccount({ name: 'root', hash, administrator: true });
  const members = [
    { kind: 'User', name: 'dev', role: 'maintainer' },
    { kind: 'User', name: 'guest', role: 'guest' },
  ] as const;
  directory.setProject({ name: 'open', public: true, members });
  directory.setProject({ name: 'closed', public: false, members });
  return directory;
}

/** `duplex` is needed for a body that is a stream; the types of fetch do not know it yet. */
type Sending = RequestInit & { headers?: Record<string, string>; duplex?: 'half' };

/** Requests as a client makes them, below the path of one repository. */
export class TestClient {
  readonly base: string;
  readonly #origin: string;
  readonly #token: string;

  constructor(origin: string, repository: string, token: string) {
    this.#origin = origin;
    this.base = `${origin}/v2/${repository}`;
    this.#token = token;
  }

  /** `path` is below the repository, or a `Location`. */
  send(method: string, path: string, init: Sending = {}): Promise<Response> {
    const url = path.startsWith('/v2/') ? this.#origin + path : `${this.base}/${path}`;
    const headers = { authorization: `Bearer ${this.#token}`, ...init.headers };
    return fetch(url, { ...init, method, headers, redirect: 'manual' });
  }

  async pushBlob(bytes: Uint8Array<ArrayBuffer>, algorithm: 'sha256' | 'sha512' = 'sha256'): Promise<Digest> {
    const digest = digestOf(bytes, algorithm);
    const answer = await this.send('POST', `blobs/uploads/?digest=${digest}`, { body: bytes });
    if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
    return digest;
  }

  putManifest(reference: string, manifest: object, mediaType: string = OCI_MANIFEST): Promise<Response> {
    const body = JSON.stringify(manifest);
    return this.send('PUT', `manifests/${reference}`, { body, headers: { 'content-type': mediaType } });
  }

  /** An image of one layer that is really there. */
  async image(
    text = 'layer',
  ): Promise<{ schemaVersion: 2; mediaType: string; config: object; layers: object[] }> {
    const config = Buffer.from('{}');
    const layer = Buffer.from(text);
    const describe = async (bytes: Buffer<ArrayBuffer>, mediaType: string) => ({
      mediaType,
      digest: await this.pushBlob(bytes),
      size: bytes.length,
    });
    return {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: await describe(config, 'application/vnd.oci.image.config.v1+json'),
      layers: [await describe(layer, 'application/vnd.oci.image.layer.v1.tar')],
    };
  }
}
