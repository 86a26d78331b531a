import {
  type ControlPlane,
  createControlPlane,
  issueLegacyToken,
  SigningKeys,
  type VersionInfo,
} from '@sampan/apiserver';
import type { Logger } from '@sampan/base';
import { type Controllers, startControllers } from '@sampan/controllers';
import { type Scheduler, startScheduler } from '@sampan/scheduler';
import { openSqliteStore, type Store } from '@sampan/store';
import type { GuestKeys } from './guest-keys.ts';

export interface GuestOptions {
  readonly name: string;
  /** The database. */
  readonly file: string;
  readonly keys: GuestKeys;
  readonly version: VersionInfo;
  /** PEM that pods verify the API server by. */
  readonly servingCa: string;
  /** `HOST:PORT/clusters/NAME` under which the cluster is reached from outside. */
  readonly externalAddress: string;
  readonly log: Logger;
}

/** The first address of the Service range. */
const API_SERVICE_IP = '10.96.0.1';

/** A guest cluster that is awake: its store, API, controllers and scheduler. */
export class Guest {
  readonly plane: ControlPlane;
  readonly store: Store;
  readonly #controllers: Controllers;
  readonly #scheduler: Scheduler;
  #closing: Promise<void> | undefined;

  private constructor(plane: ControlPlane, store: Store, controllers: Controllers, scheduler: Scheduler) {
    this.plane = plane;
    this.store = store;
    this.#controllers = controllers;
    this.#scheduler = scheduler;
  }

  /** Resolves when it serves. Throws the store's `SampanError`s. */
  static async open({
    name,
    file,
    keys,
    version,
    servingCa,
    externalAddress,
    log,
  }: GuestOptions): Promise<Guest> {
    const store = openSqliteStore({ file });
    try {
      const signing = new SigningKeys(keys.serviceAccountKey);
      const plane = await createControlPlane({
        store,
        clientCa: keys.authority.certificatePem,
        isBehindListener: true,
        keys: signing,
        version,
        log,
        externalAddress,
      });
      const controllers = startControllers({
        client: (manager) => plane.client(manager),
        log,
        rootCa: servingCa,
        signer: keys.authority,
        issueToken: (account, secret) => issueLegacyToken(signing, account, secret),
        apiService: { clusterIP: API_SERVICE_IP, port: 443 },
      });
      await controllers.ready;
      const scheduler = startScheduler({ client: plane.client('kube-scheduler'), log });
      log.debug('awake', { cluster: name });
      return new Guest(plane, store, controllers, scheduler);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** Ends it; what it acknowledged is on disk. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#scheduler.stop();
    await this.#controllers.stop();
    this.plane.stop();
    await this.store.close();
  }
}
