import {
  type ControlPlane,
  createControlPlane,
  issueLegacyToken,
  SigningKeys,
  type VersionInfo,
} from '@sampan/apiserver';
import { type Logger, systemClock } from '@sampan/base';
import { type Controllers, startControllers } from '@sampan/controllers';
import { type Scheduler, startScheduler } from '@sampan/scheduler';
import { openSqliteStore, type Store } from '@sampan/store';
import type { GuestKeys } from './guest-keys.ts';
import { TimerBook } from './timer-book.ts';

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

interface Parts {
  readonly plane: ControlPlane;
  readonly store: Store;
  readonly controllers: Controllers;
  readonly scheduler: Scheduler;
  readonly timers: TimerBook;
}

/** A guest cluster that is awake: its store, API, controllers and scheduler. */
export class Guest {
  readonly #parts: Parts;
  /** Requests, watches and streams under way. */
  #connections = 0;
  #lastRequestAt: number | undefined;
  #closing: Promise<void> | undefined;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  get api(): ControlPlane['api'] {
    return this.#parts.plane.api;
  }

  get objects(): number {
    return this.#parts.store.stats().objects;
  }

  /** Milliseconds since the epoch; undefined: nobody asked for anything since it woke. */
  get lastRequestAt(): number | undefined {
    return this.#lastRequestAt;
  }

  get connections(): number {
    return this.#connections;
  }

  /** False from the moment that it begins to close. */
  get isOpen(): boolean {
    return this.#closing === undefined;
  }

  /** When its controllers have something to do next, milliseconds since the epoch; undefined: nothing is planned. */
  get wakeAt(): number | undefined {
    return this.#parts.timers.earliest();
  }

  /** A request began; the returned function is called when its answer, or its connection, is over. */
  begin(): () => void {
    this.#connections++;
    this.#lastRequestAt = Date.now();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#connections--;
      this.#lastRequestAt = Date.now();
    };
  }

  /** Whether a pod of it runs, or is to run, on a node. */
  hasPods(): boolean {
    return this.#parts.plane.reader
      .list<{
        apiVersion: string;
        kind: string;
        metadata: object;
        spec?: { nodeName?: string };
        status?: { phase?: string };
      }>('pods')
      .some(
        ({ spec, status }) => spec?.nodeName && status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
      );
  }

  /** Resolves when it serves. Throws the store's `SampanError`s. */
  static async open(options: GuestOptions): Promise<Guest> {
    const { file, keys, version, servingCa, externalAddress, log } = options;
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
      const timers = new TimerBook(systemClock);
      const controllers = startControllers({
        client: (manager) => plane.client(manager),
        clock: timers,
        log,
        rootCa: servingCa,
        signer: keys.authority,
        issueToken: (account, secret) => issueLegacyToken(signing, account, secret),
        apiService: { clusterIP: API_SERVICE_IP, port: 443 },
      });
      await controllers.ready;
      const scheduler = startScheduler({ client: plane.client('kube-scheduler'), clock: timers, log });
      return new Guest({ plane, store, controllers, scheduler, timers });
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
    const { scheduler, controllers, plane, store } = this.#parts;
    await scheduler.stop();
    await controllers.stop();
    plane.stop();
    await store.close();
  }
}
