import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '@sampan/api';
import { silentLogger, systemClock } from '@sampan/base';
import { clusterDefinition } from '@sampan/clusters';
import { ensurePki, HOME_FOLDERS, type HomeLayout, homeLayout, type Pki } from '@sampan/home';
import { HubObjects } from '@sampan/hub';
import { type Connection, HttpClient, REFS } from '@sampan/machinery';
import { vi } from 'vitest';
import { HomeAccounts } from '../../apps/hub/src/accounts/home-accounts.ts';
import { type RunningHub, startHub } from '../../apps/hub/src/start-hub.ts';
import { installHubKinds } from '../../apps/server/src/hub/install-kinds.ts';
import { RegistryUser } from './registry-user.ts';

/** An API server that a Hub can live on. */
export interface Api extends Connection {
  stop(): Promise<void>;
}

const WAIT = { timeout: 30_000 };

/** A Hub with a home of its own, on somebody's API server. */
export class HubOnCluster {
  readonly api: Api;
  readonly client: HttpClient;
  readonly home: HomeLayout;
  readonly pki: Pki;
  readonly #objects: HubObjects;
  readonly #client: HttpClient;
  readonly registry = new RegistryUser(() => this.hub.url);
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
      webhookHosts: { list: () => ['127.0.0.1'], follow: () => () => undefined },
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
}
