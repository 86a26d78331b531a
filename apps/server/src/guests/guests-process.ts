import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, SampanError } from '@sampan/base';
import {
  Caller,
  type CallMessage,
  type GuestBackup,
  type GuestHost,
  type GuestListener,
  type GuestOrigin,
  type GuestSettings,
  type GuestState,
} from '@sampan/clusters';
import { KeptProcess } from '../processes/kept-process.ts';
import { reachHome } from '../processes/reach-home.ts';

export interface GuestsProcessOptions {
  /** Holds a folder for each, by its name. */
  readonly clusters: string;
  readonly args: readonly string[];
  readonly log: Logger;
  readonly changed: GuestListener;
  /** Told when it runs again after it died. */
  readonly restarted: () => void;
}

/**
 * The process that holds the guest clusters, as this one sees it: started when first called, started again when it
 * dies (clusters are files: nothing that was acknowledged is lost).
 */
export class GuestsProcess implements GuestHost {
  readonly #process: KeptProcess<Caller, object>;

  readonly #clusters: string;

  constructor({ args, clusters, log, changed, restarted }: GuestsProcessOptions) {
    this.#clusters = clusters;
    this.#process = new KeptProcess({
      name: 'guests',
      log,
      args: () => args,
      launcher: reachHome,
      attach: (child) =>
        new Caller(
          {
            send: (message) => void child.send(message),
            listen: (take) => child.on('message', (message) => take(message as CallMessage)),
          },
          (name, state) => changed(name as string, state as GuestState),
        ),
      detach: (caller, reason) => caller.end(reason),
      restarted,
    });
  }

  create = (name: string, settings: GuestSettings, origin?: GuestOrigin): Promise<GuestState> =>
    this.#call('create', name, settings, ...(origin ? [origin] : []));
  configure = (name: string, settings: GuestSettings): Promise<GuestState> =>
    this.#call('configure', name, settings);
  wake = (name: string): Promise<GuestState> => this.#call('wake', name);
  sleep = (name: string): Promise<GuestState> => this.#call('sleep', name);
  phases = (): Promise<Readonly<Record<string, GuestState['phase']>>> => this.#call('phases');
  backup = (name: string, keep: number): Promise<GuestBackup> => this.#call('backup', name, keep);
  restore = (name: string, backup: string): Promise<GuestState> => this.#call('restore', name, backup);
  upgrade = (name: string): Promise<GuestState> => this.#call('upgrade', name);
  rollback = (name: string): Promise<GuestState> => this.#call('rollback', name);
  startRotation = (name: string): Promise<GuestState> => this.#call('startRotation', name);
  finishRotation = (name: string): Promise<GuestState> => this.#call('finishRotation', name);
  state = (name: string): Promise<GuestState> => this.#call('state', name);

  /** A home whose clusters cannot be opened can still be rid of them. */
  async remove(name: string): Promise<void> {
    try {
      await this.#call('remove', name);
    } catch (error) {
      if (!(error instanceof SampanError) || error.code !== 'home-unreachable') throw error;
      rmSync(join(this.#clusters, name), { recursive: true, force: true });
    }
  }

  /** Resolves when it answers, starting it if need be. */
  async ready(): Promise<void> {
    await this.#process.start();
  }

  /** Ends it; resolves when all clusters are closed. May be called twice. */
  stop(): Promise<void> {
    return this.#process.stop();
  }

  async #call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    const { line } = await this.#process.start();
    return line.call<T>(method, ...args);
  }
}
