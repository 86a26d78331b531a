import { StatusError } from '@sampan/api';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import {
  CLAIMS,
  type Claim,
  type Client,
  EventRecorder,
  Informer,
  keyOf,
  Reconciler,
  STORAGE_CLASSES,
  type StorageClass,
  splitKey,
  VOLUMES,
  type Volume,
} from '@sampan/machinery';
import { decideClaim, decideVolume, isOurs, newVolume, volumeName } from './decisions.ts';
import { growClaim } from './grow-claim.ts';
import type { LocalVolumes, VolumeMode } from './local-volumes.ts';
import { FINALIZER, LOCAL_CLASS, PROVISIONER } from './objects.ts';

export interface LocalProvisionerOptions {
  /** May read claims, volumes and classes, write volumes, events and claims' status, and make classes. */
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly node: string;
  readonly volumes: LocalVolumes;
}

const RETRY_MS = 10_000;

/** Makes volumes on this node for claims whose pods were put here, grows them, and deletes those nobody has. */
export class LocalProvisioner {
  readonly #options: LocalProvisionerOptions;
  readonly #events: EventRecorder;
  readonly #claims: Informer<Claim>;
  readonly #volumes: Informer<Volume>;
  readonly #classes: Informer<StorageClass>;
  readonly #ofClaims: Reconciler;
  readonly #ofVolumes: Reconciler;
  readonly #informers: readonly Pick<Informer, 'start' | 'stop' | 'synced'>[];
  #stopped = false;
  #cancelRetry = (): void => {};

  constructor(options: LocalProvisionerOptions) {
    const { client, clock, log, node } = options;
    this.#options = options;
    this.#events = new EventRecorder({ client, clock, log, controller: PROVISIONER, instance: node });
    this.#claims = new Informer({ client, ref: CLAIMS, clock, log });
    this.#volumes = new Informer({ client, ref: VOLUMES, clock, log });
    this.#classes = new Informer({ client, ref: STORAGE_CLASSES, clock, log });
    this.#informers = [this.#claims, this.#volumes, this.#classes];
    // disks do not become faster by more at once
    const common = { clock, log, workers: 2 };
    this.#ofClaims = new Reconciler({
      ...common,
      name: 'local-provisioner',
      reconcile: (key) => this.#reconcileClaim(key),
    });
    this.#ofVolumes = new Reconciler({
      ...common,
      name: 'local-provisioner-volumes',
      reconcile: (name) => this.#reconcileVolume(name),
    });
  }

  /** Begins; the server need not answer yet. */
  start(): void {
    this.#claims.onChange(({ object }) => this.#ofClaims.enqueue(keyOf(object)));
    this.#volumes.onChange(({ type, object }) => {
      if (type !== 'deleted') this.#ofVolumes.enqueue(keyOf(object));
      if (isOurs(object, this.#options.node)) this.#ofClaims.enqueue(claimKey(object));
    });
    this.#classes.onChange(() => {
      for (const claim of this.#claims.list()) this.#ofClaims.enqueue(keyOf(claim));
    });
    this.#options.volumes.onGrown = (name) => {
      const volume = this.#volumes.get('', name);
      if (volume) this.#ofClaims.enqueue(claimKey(volume));
    };
    for (const informer of this.#informers) informer.start();
    void this.#whenSynced();
  }

  async #whenSynced(): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.synced()));
    if (this.#stopped) return;
    this.#ofClaims.start();
    this.#ofVolumes.start();
    await this.#ensureClass();
  }

  /** Resolves when what it was doing is done. May be called twice. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry();
    for (const informer of this.#informers) informer.stop();
    await Promise.all([this.#ofClaims.stop(), this.#ofVolumes.stop()]);
    this.#events.stop();
  }

  /** Only while there is none of this name: it may be changed, and deleted until the next start. */
  async #ensureClass(): Promise<void> {
    const { client, clock, log } = this.#options;
    if (this.#classes.get('', LOCAL_CLASS.metadata.name ?? '')) return;
    try {
      await client.create(STORAGE_CLASSES, LOCAL_CLASS);
    } catch (error) {
      if (this.#stopped || (error instanceof StatusError && error.reason === 'AlreadyExists')) return;
      log.warn('the storage class for local volumes could not be made', { error: messageOf(error) });
      this.#cancelRetry = clock.schedule(() => void this.#ensureClass(), RETRY_MS);
    }
  }

  async #reconcileClaim(key: string): Promise<undefined> {
    const { namespace, name } = splitKey(key);
    const claim = this.#claims.get(namespace, name);
    if (!claim) return undefined;
    const storageClass = this.#classes.get('', claim.spec.storageClassName ?? '');
    const volume = this.#volumes.get('', claim.spec.volumeName ?? '');
    const decision = decideClaim(claim, storageClass, volume, this.#options.node);
    if (decision.do === 'refuse') this.#tellFailure(claim, decision.why);
    if (decision.do === 'grow') await growClaim(claim, decision, { ...this.#options, events: this.#events });
    if (decision.do === 'provision' && storageClass) {
      await this.#provision(claim, storageClass, decision.bytes).catch((error: unknown) => {
        this.#tellFailure(claim, messageOf(error));
        throw error;
      });
    }
    return undefined;
  }

  async #provision(claim: Claim, storageClass: StorageClass, bytes: number): Promise<void> {
    const { client, volumes, node } = this.#options;
    const name = volumeName(claim);
    if (this.#volumes.get('', name)) return;
    this.#tell(
      claim,
      'Provisioning',
      `External provisioner is provisioning volume for claim "${keyOf(claim)}"`,
    );
    const mode = (claim.spec.volumeMode ?? 'Filesystem') as VolumeMode;
    await volumes.make(name, bytes, mode);
    const volume = newVolume(claim, storageClass, node, volumes.pathOf(name));
    try {
      await client.create(VOLUMES, volume);
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'AlreadyExists') return;
      throw error;
    }
    this.#tell(claim, 'ProvisioningSucceeded', `Successfully provisioned volume ${name}`);
  }

  #tell(claim: Claim, reason: string, note: string): void {
    this.#events.record(claim, { type: 'Normal', reason, note });
  }

  #tellFailure(claim: Claim, why: string): void {
    const note = `failed to provision volume with StorageClass "${claim.spec.storageClassName}": ${why}`;
    this.#events.record(claim, {
      type: 'Warning',
      reason: 'ProvisioningFailed',
      note,
    });
  }

  async #reconcileVolume(name: string): Promise<undefined> {
    const volume = this.#volumes.get('', name);
    if (!volume) return undefined;
    const decision = decideVolume(volume, this.#options.node);
    if (decision.do === 'nothing') return undefined;
    if (decision.do === 'delete') await this.#remove(volume);
    await this.#letGo(volume);
    return undefined;
  }

  async #remove(volume: Volume): Promise<void> {
    const { volumes, client } = this.#options;
    const { name = '', deletionTimestamp } = volume.metadata;
    try {
      await volumes.remove(name);
    } catch (error) {
      this.#events.record(volume, {
        type: 'Warning',
        reason: 'VolumeFailedDelete',
        note: messageOf(error),
      });
      throw error;
    }
    if (deletionTimestamp === undefined) await ignoreMissing(client.delete(VOLUMES, undefined, name));
  }

  /** The API may forget it. */
  async #letGo({ metadata }: Volume): Promise<void> {
    const { client } = this.#options;
    const present = await ignoreMissing(client.get<Volume>(VOLUMES, undefined, metadata.name ?? ''));
    if (!present?.metadata.finalizers?.includes(FINALIZER)) return;
    const finalizers = present.metadata.finalizers.filter((finalizer) => finalizer !== FINALIZER);
    await ignoreMissing(
      client.update(VOLUMES, { ...present, metadata: { ...present.metadata, finalizers } }),
    );
  }
}

const claimKey = ({ spec: { claimRef } }: Volume): string =>
  `${claimRef?.namespace ?? ''}/${claimRef?.name ?? ''}`;

async function ignoreMissing<T>(task: Promise<T>): Promise<T | undefined> {
  try {
    return await task;
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return undefined;
    throw error;
  }
}
