import { StatusError } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import {
  CLAIMS,
  type Claim,
  type Client,
  type EventRecorder,
  type Informer,
  keyOf,
  REFS,
  Reconciler,
  STORAGE_CLASSES,
  STORAGE_PROVISIONERS,
  type StorageClass,
  splitKey,
  VOLUMES,
  type Volume,
} from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore, recorderOf } from '../controller.ts';
import { OwnWrites } from '../pods/own-writes.ts';
import { formatTime } from '../time.ts';
import type { Pod } from '../workloads/objects.ts';
import { isTerminal } from '../workloads/pod-state.ts';
import type { SharedInformers } from '../workloads/shared-informers.ts';
import { annotated, bound, type ClaimDecision, decideClaim } from './claim-decision.ts';
import { classOf, isBindingComplete } from './objects.ts';
import { decideVolume, unbound } from './volume-decision.ts';

const NAME = 'persistentvolume-controller';

/**
 * Binds claims to volumes, asks provisioners for volumes, and releases volumes whose claims are gone (upstream's
 * persistentvolume controller). Volumes of classes that wait for their first consumer are chosen by the scheduler.
 */
export function startVolumes(context: ControllerContext, informers: SharedInformers): Controller {
  const { clock, log } = context;
  const client = context.client(NAME);
  const events = recorderOf(context, client, NAME);
  const claims = informers.of<Claim>(CLAIMS);
  const volumes = informers.of<Volume>(VOLUMES);
  const classes = informers.of<StorageClass>(STORAGE_CLASSES);
  const pods = informers.of<Pod>(REFS.pods);
  const binder = new VolumeBinder({ context, client, events, claims, volumes, classes, pods });
  const ofClaims = new Reconciler({ name: NAME, clock, log, reconcile: (key) => binder.reconcileClaim(key) });
  const ofVolumes = new Reconciler({
    name: `${NAME}-volumes`,
    clock,
    log,
    reconcile: async (name) => {
      const claim = await binder.reconcileVolume(name);
      if (claim !== undefined) ofClaims.enqueue(claim);
      return undefined;
    },
  });
  /** Claims that have no volume for good yet. */
  const open = new Map<string, Claim>();
  const wakeOpenClaims = (matches: (claim: Claim) => boolean) => {
    for (const [key, claim] of open) if (matches(claim)) ofClaims.enqueue(key);
  };
  claims.onChange(({ type, object, previous }) => {
    const key = keyOf(object);
    if (type === 'deleted' || isBindingComplete(object)) open.delete(key);
    else open.set(key, object);
    ofClaims.enqueue(key);
    for (const name of new Set([object.spec.volumeName, previous?.spec.volumeName]))
      if (name) ofVolumes.enqueue(name);
    if (type === 'deleted')
      for (const { metadata, spec } of volumes.list())
        if (spec.claimRef?.uid === object.metadata.uid) ofVolumes.enqueue(metadata.name ?? '');
  });
  volumes.onChange(({ object, previous }) => {
    ofVolumes.enqueue(object.metadata.name ?? '');
    const { claimRef } = object.spec;
    if (claimRef) ofClaims.enqueue(`${claimRef.namespace}/${claimRef.name}`);
    else if (object.status?.phase === 'Available' && !deepEqual(object, previous))
      wakeOpenClaims((claim) => classOf(claim) === classOf(object));
    wakeOpenClaims((claim) => claim.spec.volumeName === object.metadata.name);
  });
  classes.onChange(({ object }) => {
    const { name } = object.metadata;
    wakeOpenClaims((claim) => classOf(claim) === name || claim.spec.storageClassName === undefined);
  });
  return {
    synced: informers.synced().then(() => {
      ofClaims.start();
      ofVolumes.start();
    }),
    async stop() {
      await Promise.all([ofClaims.stop(), ofVolumes.stop()]);
      events.stop();
    },
  };
}

interface Parts {
  readonly context: ControllerContext;
  readonly client: Client;
  readonly events: EventRecorder;
  readonly claims: Informer<Claim>;
  readonly volumes: Informer<Volume>;
  readonly classes: Informer<StorageClass>;
  readonly pods: Informer<Pod>;
}

class VolumeBinder {
  readonly #parts: Parts;
  readonly #ownClaims: OwnWrites<Claim>;
  readonly #ownVolumes: OwnWrites<Volume>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#ownClaims = new OwnWrites(parts.claims);
    this.#ownVolumes = new OwnWrites(parts.volumes);
  }

  async reconcileClaim(key: string): Promise<undefined> {
    const { namespace, name } = splitKey(key);
    const shown = this.#parts.claims.get(namespace, name);
    if (!shown) return;
    const claim = this.#ownClaims.newest(shown);
    const { volumes, classes } = this.#parts;
    const decision = decideClaim(claim, {
      volumes: () => [...volumes.list()].map((volume) => this.#ownVolumes.newest(volume)),
      volume: (wanted) => this.#volume(wanted),
      storageClass: (wanted) => classes.get('', wanted),
      classes: () => classes.list(),
      waitingPods: () => this.#waitingPods(claim),
    });
    await this.#act(claim, decision).catch(ignore('NotFound'));
  }

  /** Gives the key of a claim that should be looked at. */
  async reconcileVolume(name: string): Promise<string | undefined> {
    const volume = this.#volume(name);
    if (!volume) return undefined;
    const decision = decideVolume(volume, await this.#claimOf(volume));
    const { claimRef } = volume.spec;
    if (decision.do === 'ask claim') return `${claimRef?.namespace}/${claimRef?.name}`;
    if (decision.do === 'unbind') {
      await this.#writeVolume(volume, unbound(volume));
      return undefined;
    }
    const { phase, message, reason } = decision;
    if (await this.#showVolume(volume, phase, message)) {
      if (reason !== undefined && message !== undefined)
        this.#parts.events.record(volume, { type: 'Warning', reason, note: message });
    }
    return undefined;
  }

  #volume(name: string): Volume | undefined {
    const shown = this.#parts.volumes.get('', name);
    return shown && this.#ownVolumes.newest(shown);
  }

  /** The claim that a volume names; the server is asked before a volume is released. */
  async #claimOf({ spec, status }: Volume): Promise<Claim | undefined> {
    const { namespace = '', name = '', uid } = spec.claimRef ?? {};
    if (!uid) return undefined;
    const shown = this.#parts.claims.get(namespace, name);
    if (shown?.metadata.uid === uid) return this.#ownClaims.newest(shown);
    if (status?.phase === 'Released' || status?.phase === 'Failed') return undefined;
    const fresh = await this.#parts.client.get<Claim>(CLAIMS, namespace, name).catch((error: unknown) => {
      if (error instanceof StatusError && error.code === 404) return undefined;
      throw error;
    });
    return fresh?.metadata.uid === uid ? fresh : undefined;
  }

  #waitingPods({ metadata }: Claim): string[] {
    const using = this.#parts.pods
      .byIndex('namespace', metadata.namespace ?? '')
      .filter(
        (pod) =>
          !pod.spec.nodeName &&
          !isTerminal(pod) &&
          (pod.spec.volumes ?? []).some(
            ({ persistentVolumeClaim: source }) => source?.claimName === metadata.name,
          ),
      );
    return using.map((pod) => pod.metadata.name ?? '');
  }

  async #act(claim: Claim, decision: ClaimDecision): Promise<void> {
    const { client, events } = this.#parts;
    switch (decision.do) {
      case 'bind':
        return this.#bind(claim, decision.volume);
      case 'set class': {
        const { storageClass: storageClassName } = decision;
        this.#ownClaims.wrote(
          await client.update(CLAIMS, { ...claim, spec: { ...claim.spec, storageClassName } }),
        );
        return;
      }
      case 'provision': {
        events.record(claim, decision.event);
        const marks = Object.fromEntries(STORAGE_PROVISIONERS.map((key) => [key, decision.provisioner]));
        const metadata = annotated(claim, marks);
        const marked = deepEqual(metadata, claim.metadata)
          ? claim
          : await client.update<Claim>(CLAIMS, { ...claim, metadata });
        this.#ownClaims.wrote(marked);
        await this.#showClaim(marked, 'Pending');
        return;
      }
      case 'lose':
        if (await this.#showClaim(claim, 'Lost')) events.record(claim, decision.event);
        return;
      case 'wait':
        if (decision.event) events.record(claim, decision.event);
        await this.#showClaim(claim, 'Pending');
    }
  }

  /** The volume first, so that no other claim takes it. */
  async #bind(claim: Claim, present: Volume): Promise<void> {
    const wanted = bound(claim, present);
    const volume = await this.#writeVolume(present, wanted.volume);
    await this.#showVolume(volume, 'Bound');
    const written =
      wanted.claim === claim ? claim : await this.#parts.client.update<Claim>(CLAIMS, wanted.claim);
    this.#ownClaims.wrote(written);
    await this.#showClaim(written, 'Bound', volume);
  }

  async #writeVolume(present: Volume, wanted: Volume): Promise<Volume> {
    if (wanted === present) return present;
    try {
      const written = await this.#parts.client.update<Volume>(VOLUMES, wanted);
      this.#ownVolumes.wrote(written);
      return written;
    } catch (error) {
      this.#ownVolumes.forget(present);
      throw error;
    }
  }

  async #showVolume(volume: Volume, phase: string, message = ''): Promise<boolean> {
    const { phase: present, message: told = '' } = volume.status ?? {};
    if (present === phase && told === message) return false;
    const lastPhaseTransitionTime = formatTime(this.#parts.context.clock.now());
    const status = {
      phase,
      ...(message === '' ? {} : { message }),
      ...(present === phase ? {} : { lastPhaseTransitionTime }),
    };
    const written = await this.#parts.client
      .update<Volume>(VOLUMES, { ...volume, status }, { subresource: 'status' })
      .catch(ignore('NotFound'));
    if (written) this.#ownVolumes.wrote(written);
    return written !== undefined;
  }

  async #showClaim(claim: Claim, phase: string, volume?: Volume): Promise<boolean> {
    const present = claim.status ?? {};
    const { accessModes = [], capacity } = volume?.spec ?? {};
    const becomes = present.phase !== phase;
    // a claim that is bound already may be growing
    const fresh = volume && (becomes || present.capacity === undefined);
    const status = {
      ...present,
      phase,
      ...(volume ? { accessModes } : {}),
      ...(fresh && capacity ? { capacity } : {}),
    };
    if (deepEqual(status, present)) return false;
    const written = await this.#parts.client.update<Claim>(
      CLAIMS,
      { ...claim, status },
      { subresource: 'status' },
    );
    this.#ownClaims.wrote(written);
    return true;
  }
}
