import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '@sampan/api';
import { silentLogger, systemClock } from '@sampan/base';
import { clusterDefinition } from '@sampan/clusters';
import { ensurePki, HOME_FOLDERS, type HomeLayout, homeLayout, type Pki } from '@sampan/home';
import { HubObjects, installHubKinds } from '@sampan/hub';
import { type Connection, HttpClient, REFS } from '@sampan/machinery';
import { vi } from 'vitest';
import { HomeAccounts } from '../../apps/hub/src/accounts/home-accounts.ts';
import { type RunningHub, startHub } from '../../apps/hub/src/start-hub.ts';

/** An API server that a Hub can live on. */
export interface Api extends Connection {
  stop(): Promise<void>;
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const WAIT = { timeout: 30_000 };

/** A Hub with a home of its own, on somebody's API server. */
export class HubOnCluster {
  readonly api: Api;
  readonly client: HttpClient;
  readonly home: HomeLayout;
  readonly pki: Pki;
  readonly #objects: HubObjects;
  readonly #client: HttpClient;
  #hub: RunningHub | undefined;

  private constructor(api: Api) {
    this.api = api;
    this.client = new HttpClient(api, { name: 'test' });
    this.#client = new HttpClient(api, { name: 'sampan-hub' });
    this.home = homeLayout(mkdtempSync(join(tmpdir(), 'sampan-hub-kinds-')));
    for (const folder of HOME_FOLDERS) mkdirSync(join(this.home.root, folder));
    this.pki = ensurePki(this.home);
    const common = { client: this.#client, clock: systemClock, log: silentLogger };
    this.#objects = new HubObjects({ ...common, hasClusters: true });
  }

  static async start(api: Api): Promise<HubOnCluster> {
    const made = new HubOnCluster(api);
    await installHubKinds(made.client);
    // twice: as the next release does
    await installHubKinds(made.client);
    await made.client.create(REFS.customResourceDefinitions, clusterDefinition);
    await made.client
      .create(REFS.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
      .catch(() => undefined);
    await vi.waitFor(async () => {
      const kinds = (await made.client.resources()).map(({ kind }) => kind);
      for (const kind of ['Project', 'RobotAccount', 'Webhook', 'Cluster'])
        if (!kinds.includes(kind)) throw new Error(`${kind} is not served yet`);
    }, WAIT);
    await made.#run();
    return made;
  }

  async #run(): Promise<void> {
    const common = { client: this.#client, clock: systemClock, log: silentLogger };
    const onRobot = (name: string) => this.#hub?.controllers?.robotUsed(name);
    const directory = new HomeAccounts({ ...common, home: this.home, objects: this.#objects, onRobot });
    this.#objects.start();
    await this.#objects.synced();
    this.#hub = await startHub({
      folder: this.home.hub.root,
      port: 0,
      directory,
      cluster: { client: this.#client, objects: this.#objects },
      logger: silentLogger,
    });
  }

  async stop(): Promise<void> {
    await this.#hub?.close();
    this.#objects.stop();
    this.#client.close();
    this.client.close();
    await this.api.stop();
    rmSync(this.home.root, { recursive: true });
  }

  get hub(): RunningHub {
    if (!this.#hub) throw new Error('it does not run');
    return this.#hub;
  }

  make<T extends KubeObject>(object: T, ref: Parameters<HttpClient['create']>[0]): Promise<T> {
    return this.client.create(ref, object);
  }

  /** What a login may do in a repository; undefined: it is wrong. */
  async rights(login: string, password: string, repository: string): Promise<string[] | undefined> {
    const token = await this.#token(login, password, repository);
    if (token === undefined) return undefined;
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
    const { access } = JSON.parse(payload) as { access: { actions: string[] }[] };
    return access[0]?.actions ?? [];
  }

  async #token(login: string, password: string, repository: string): Promise<string | undefined> {
    const scope = new URLSearchParams({ scope: `repository:${repository}:pull,push,delete` });
    const authorization = `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`;
    const answer = await fetch(`${this.hub.url}/hub/token?${scope}`, { headers: { authorization } });
    return answer.ok ? ((await answer.json()) as { token: string }).token : undefined;
  }

  /** Pushes an image with one layer of so many bytes. */
  async push(login: string, password: string, repository: string, tag: string, bytes = 1000): Promise<void> {
    const token = await this.#token(login, password, repository);
    const send = async (method: string, path: string, body: Buffer<ArrayBuffer>, type: string) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': type };
      const answer = await fetch(`${this.hub.url}/v2/${repository}/${path}`, { method, body, headers });
      if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
    };
    const parts = [];
    for (const content of [Buffer.from('{}'), randomBytes(bytes)]) {
      const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
      await send('POST', `blobs/uploads/?digest=${digest}`, content, 'application/octet-stream');
      parts.push({ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: content.length });
    }
    const [config, ...layers] = parts;
    const manifest = { schemaVersion: 2, mediaType: MANIFEST, config, layers };
    await send('PUT', `manifests/${tag}`, Buffer.from(JSON.stringify(manifest)), MANIFEST);
  }
}
