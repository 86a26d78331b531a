import { type KubeObject, StatusError } from '@sampan/api';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import type { Client } from './client.ts';
import { REFS } from './refs.ts';

export interface LeaderOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly namespace: string;
  readonly name: string;
  /** Unique to this process. */
  readonly identity: string;
  /** How long others wait after the last renewal. Default 15,000 ms. */
  readonly leaseMs?: number;
  /** How long the leader tries to renew before it gives up. Default 10,000 ms. */
  readonly renewMs?: number;
  /** Pause between tries. Default 2,000 ms. */
  readonly retryMs?: number;
  onStarted(): void;
  /** Leadership was lost, or given back by `stop`. */
  onStopped(): void;
}

interface LeaseObject extends KubeObject {
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

/**
 * At most one process at a time leads (client-go leaderelection on a coordination Lease): what others wrote is judged
 * by when it was seen here, so clocks need not agree.
 */
export class LeaderLease {
  readonly #options: Required<LeaderOptions>;
  #seen: { version: string; at: number } | undefined;
  #renewed = 0;
  #leading = false;
  #running = false;
  #cancel: () => void = () => {};
  #work: Promise<void> = Promise.resolve();

  constructor(options: LeaderOptions) {
    this.#options = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000, ...options };
  }

  get leading(): boolean {
    return this.#leading;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#next();
  }

  /** Gives the lease back so that another may lead at once. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#cancel();
    await this.#work;
    if (!this.#leading) return;
    this.#lose();
    await this.#release();
  }

  #next(): void {
    this.#work = this.#try().then(() => {
      if (this.#running)
        this.#cancel = this.#options.clock.schedule(() => this.#next(), this.#options.retryMs);
    });
  }

  async #try(): Promise<void> {
    const { clock, log, name, renewMs } = this.#options;
    let held = false;
    try {
      held = await this.#acquireOrRenew();
    } catch (error) {
      log.debug('a lease could not be renewed', { lease: name, error: messageOf(error) });
    }
    if (held) this.#renewed = clock.monotonic();
    if (held && !this.#leading && this.#running) {
      this.#leading = true;
      this.#options.onStarted();
    } else if (this.#leading && !held && clock.monotonic() - this.#renewed >= renewMs) this.#lose();
  }

  #lose(): void {
    this.#leading = false;
    this.#options.onStopped();
  }

  async #acquireOrRenew(): Promise<boolean> {
    const { client, namespace, name, identity, clock, leaseMs } = this.#options;
    const now = microTime(clock.now());
    const mine = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseMs / 1000),
      renewTime: now,
    };
    const lease = await client.get<LeaseObject>(REFS.leases, namespace, name).catch(ignoreMissing);
    if (!lease) {
      await client.create(REFS.leases, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace },
        spec: { ...mine, acquireTime: now, leaseTransitions: 0 },
      });
      return true;
    }
    const { holderIdentity = '', acquireTime, leaseTransitions = 0, leaseDurationSeconds } = lease.spec ?? {};
    if (holderIdentity !== identity && holderIdentity !== '' && !this.#expired(lease, leaseDurationSeconds))
      return false;
    const kept = holderIdentity === identity;
    const spec = {
      ...lease.spec,
      ...mine,
      acquireTime: kept && acquireTime ? acquireTime : now,
      leaseTransitions: kept ? leaseTransitions : leaseTransitions + 1,
    };
    await client.update(REFS.leases, { ...lease, spec });
    return true;
  }

  /** The holder wrote nothing for as long as it promised to at least. */
  #expired(lease: LeaseObject, seconds: number | undefined): boolean {
    const { clock, leaseMs } = this.#options;
    const version = lease.metadata.resourceVersion ?? '';
    if (this.#seen?.version !== version) this.#seen = { version, at: clock.monotonic() };
    return clock.monotonic() - this.#seen.at >= (seconds === undefined ? leaseMs : seconds * 1000);
  }

  async #release(): Promise<void> {
    const { client, namespace, name, identity, log, clock } = this.#options;
    try {
      const lease = await client.get<LeaseObject>(REFS.leases, namespace, name);
      if (lease.spec?.holderIdentity !== identity) return;
      const { leaseTransitions = 0 } = lease.spec;
      const now = microTime(clock.now());
      // a second is the least a Lease may say
      const spec = {
        holderIdentity: '',
        leaseDurationSeconds: 1,
        acquireTime: now,
        renewTime: now,
        leaseTransitions,
      };
      await client.update(REFS.leases, { ...lease, spec });
    } catch (error) {
      log.debug('a lease could not be given back', { lease: name, error: messageOf(error) });
    }
  }
}

/** metav1.MicroTime. */
export const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof StatusError) || error.code !== 404) throw error;
}
