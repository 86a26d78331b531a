import type { KubeObject } from '@sampan/api';
import { CLAIMS, type Informer, keyOf, REFS, Reconciler, splitKey, VOLUMES } from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore, informerOf } from '../controller.ts';

const CLAIM_FINALIZER = 'kubernetes.io/pvc-protection';
const VOLUME_FINALIZER = 'kubernetes.io/pv-protection';

/**
 * Lets deleted claims and volumes go once nothing uses them (Kubernetes docs "Storage Object in Use Protection";
 * upstream's pvc-protection and pv-protection controllers). Pods are followed only in namespaces where one keeps a
 * deleted claim.
 */
export function startInUseProtection(context: ControllerContext): Controller {
  const client = context.client('in-use-protection');
  const claims = informerOf(context, client, CLAIMS);
  const volumes = informerOf(context, client, VOLUMES);
  const followed = new Map<string, { pods: Informer<KubeObject>; claims: Set<string> }>();

  const release = async (object: KubeObject, ref: typeof CLAIMS | typeof VOLUMES, finalizer: string) => {
    const finalizers = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
    const next = { ...object, metadata: { ...object.metadata, finalizers } };
    await client.update(ref, next).catch(ignore('NotFound'));
  };

  const reconcileClaim = async (key: string) => {
    const { namespace, name } = splitKey(key);
    const claim = claims.get(namespace, name);
    if (claim && waitsFor(claim, CLAIM_FINALIZER)) {
      const { items } = await client.list(REFS.pods, { namespace });
      if (items.some((pod) => uses(pod, name))) {
        await follow(namespace, key);
        return undefined;
      }
      await release(claim, CLAIMS, CLAIM_FINALIZER);
    }
    unfollow(namespace, key);
    return undefined;
  };
  const reconcileVolume = async (key: string) => {
    const volume = volumes.get('', key);
    if (volume && waitsFor(volume, VOLUME_FINALIZER) && volume.status?.phase !== 'Bound') {
      await release(volume, VOLUMES, VOLUME_FINALIZER);
    }
    return undefined;
  };
  const { clock, log } = context;
  const ofClaims = new Reconciler({ name: 'pvc-protection', clock, log, reconcile: reconcileClaim });
  const ofVolumes = new Reconciler({ name: 'pv-protection', clock, log, reconcile: reconcileVolume });

  async function follow(namespace: string, key: string): Promise<void> {
    const present = followed.get(namespace);
    if (present) {
      present.claims.add(key);
      return;
    }
    const pods = informerOf(context, client, REFS.pods, { namespace });
    const waiting = new Set([key]);
    followed.set(namespace, { pods, claims: waiting });
    pods.start();
    await pods.synced();
    // also for what happened between the list and the watch
    ofClaims.enqueue(key);
    pods.onChange(({ type, object, previous }) => {
      if (type === 'added' || (type === 'modified' && hasEnded(previous) === hasEnded(object))) return;
      for (const claim of waiting) ofClaims.enqueue(claim);
    });
  }
  function unfollow(namespace: string, key: string): void {
    const present = followed.get(namespace);
    if (!present) return;
    present.claims.delete(key);
    if (present.claims.size > 0) return;
    present.pods.stop();
    followed.delete(namespace);
  }

  claims.onChange(({ object }) => {
    if (waitsFor(object, CLAIM_FINALIZER)) ofClaims.enqueue(keyOf(object));
  });
  volumes.onChange(({ object }) => {
    if (waitsFor(object, VOLUME_FINALIZER)) ofVolumes.enqueue(keyOf(object));
  });
  claims.start();
  volumes.start();
  const synced = Promise.all([claims.synced(), volumes.synced()]).then(() => {
    ofClaims.start();
    ofVolumes.start();
  });
  return {
    synced,
    async stop() {
      claims.stop();
      volumes.stop();
      for (const { pods } of followed.values()) pods.stop();
      await Promise.all([ofClaims.stop(), ofVolumes.stop()]);
    },
  };
}

const waitsFor = ({ metadata }: KubeObject, finalizer: string): boolean =>
  metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(finalizer);

const hasEnded = (pod: KubeObject | undefined): boolean =>
  pod?.status?.phase === 'Succeeded' || pod?.status?.phase === 'Failed';

interface Volume {
  readonly name: string;
  readonly persistentVolumeClaim?: { readonly claimName?: string };
  readonly ephemeral?: unknown;
}

/** A pod that no node has yet uses nothing: no node starts it on a claim that is going. */
function uses(pod: KubeObject, claim: string): boolean {
  if (!pod.spec?.nodeName) return false;
  return ((pod.spec.volumes ?? []) as Volume[]).some(
    ({ name, persistentVolumeClaim, ephemeral }) =>
      persistentVolumeClaim?.claimName === claim ||
      (ephemeral !== undefined && !hasEnded(pod) && `${pod.metadata.name}-${name}` === claim),
  );
}
