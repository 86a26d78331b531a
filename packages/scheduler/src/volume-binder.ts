import type { Clock } from '@sampan/base';
import type { Client, Informer } from '@sampan/machinery';
import { SELECTED_NODE } from '@sampan/machinery';
import type { VolumePlan } from './pod-volumes.ts';
import { RESOURCES } from './refs.ts';
import type { Claim, Volume } from './types.ts';

export interface VolumeBinderOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly claims: Informer<Claim>;
}

/** Provisioners get so long (upstream's bindTimeoutSeconds). */
const TIMEOUT_MS = 10 * 60_000;
const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';

/** Has volumes bound or made for the node that a pod will be on, and waits for it. */
export class VolumeBinder {
  readonly #options: VolumeBinderOptions;
  readonly #waits = new Set<(error: Error) => void>();

  constructor(options: VolumeBinderOptions) {
    this.#options = options;
  }

  /** Throws when it cannot be done, or when `isWanted` becomes false. */
  async prepare(plan: VolumePlan, node: string, isWanted: () => boolean): Promise<void> {
    const { client } = this.#options;
    for (const { claim, volume } of plan.bind) await client.update(RESOURCES.volumes, bound(volume, claim));
    for (const claim of plan.provision) {
      const { namespace, name = '', annotations, uid } = claim.metadata;
      if (annotations?.[SELECTED_NODE] === node) continue;
      const metadata = { ...(uid ? { uid } : {}), annotations: { [SELECTED_NODE]: node } };
      await client.patch(RESOURCES.claims, namespace, name, 'merge', { metadata });
    }
    const all = [...plan.bind.map(({ claim }) => claim), ...plan.provision];
    await Promise.all(all.map((claim) => this.#waitFor(claim, plan.provision.includes(claim), isWanted)));
  }

  /** Whoever waits gives up. */
  stop(): void {
    for (const giveUp of this.#waits) giveUp(new Error('the scheduler stops'));
  }

  async #waitFor(claim: Claim, isProvisioned: boolean, isWanted: () => boolean): Promise<void> {
    const { clock, claims } = this.#options;
    const { namespace = '', name = '', uid } = claim.metadata;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let wasSelected = false;
    const look = (present: Claim | undefined) => {
      if (!isWanted()) reject(failed(`claim ${name} is no longer wanted on this node`));
      else if (!present || present.metadata.uid !== uid) reject(failed(`claim ${name} is gone`));
      else if (isBound(present)) resolve();
      else if (isProvisioned) {
        const selected = present.metadata.annotations?.[SELECTED_NODE] !== undefined;
        // a provisioner that cannot do it takes the node's name away
        if (wasSelected && !selected)
          reject(failed(`no volume could be made for claim ${name} on this node`));
        wasSelected = selected;
      }
    };
    this.#waits.add(reject);
    const unfollow = claims.onChange(({ type, object }) => {
      if (object.metadata.name === name && object.metadata.namespace === namespace)
        look(type === 'deleted' ? undefined : object);
    });
    const cancel = clock.schedule(() => reject(failed(`timed out waiting for claim ${name}`)), TIMEOUT_MS);
    try {
      await promise;
    } finally {
      cancel();
      unfollow();
      this.#waits.delete(reject);
    }
  }
}

const failed = (message: string): Error => new Error(message);

const isBound = (claim: Claim): boolean =>
  claim.spec?.volumeName !== undefined && claim.metadata.annotations?.[BIND_COMPLETED] !== undefined;

/** The volume controller does the rest. */
function bound(volume: Volume, claim: Claim): Volume {
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  const isUsers = volume.spec?.claimRef !== undefined;
  return {
    ...volume,
    metadata: {
      ...volume.metadata,
      annotations: isUsers
        ? (volume.metadata.annotations ?? {})
        : { ...volume.metadata.annotations, [BOUND_BY_CONTROLLER]: 'yes' },
    },
    spec: {
      ...volume.spec,
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        ...(namespace ? { namespace } : {}),
        ...(name ? { name } : {}),
        ...(uid ? { uid } : {}),
        ...(resourceVersion ? { resourceVersion } : {}),
      },
    },
  };
}
