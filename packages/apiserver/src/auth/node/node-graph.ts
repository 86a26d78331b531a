import type { KubeObject } from '@sampan/api';
import type { ObjectReader } from '@sampan/machinery';
import { podReferences, referenceKey, volumeSecrets } from './pod-references.ts';

/** What one object contributes to the graph. */
interface Contribution {
  readonly node: string;
  readonly keys: ReadonlySet<string>;
}

/**
 * Which nodes have to do with which objects, kept up to date by the reader's watches (kubernetes plugin/pkg/auth/
 * authorizer/node/graph.go): through pods bound to the node, their claims' volumes and those volumes' Secrets,
 * VolumeAttachments and ResourceSlices. A question is a few lookups. `close` ends the watches.
 */
export class NodeGraph {
  /** By object key: how many pods (or attachments, slices) of each node name it. */
  readonly #nodes = new Map<string, Map<string, number>>();
  /** By pod, attachment or slice. */
  readonly #contributions = new Map<string, Contribution>();
  /** By volume: its claim and its Secrets; and by Secret the volumes. */
  readonly #volumes = new Map<string, { claim: string; secrets: ReadonlySet<string> }>();
  readonly #volumesOfSecret = new Map<string, Set<string>>();
  readonly #stops: (() => void)[];

  constructor(reader: ObjectReader) {
    const follow = (
      collection: string,
      apply: (object: KubeObject, present: boolean) => void,
    ): (() => void) => {
      const stop = reader.watch(collection, ({ type, object, previous }) => {
        if (type === 'modified' && previous && collection === 'pods' && samePod(previous, object)) return;
        apply(object, type !== 'deleted');
      });
      for (const object of reader.list(collection)) apply(object, true);
      return stop;
    };
    this.#stops = [
      follow('pods', (pod, present) => this.#setPod(pod, present)),
      follow('persistentvolumes', (volume, present) => this.#setVolume(volume, present)),
      follow('volumeattachments.storage.k8s.io', (attachment, present) =>
        this.#setDirect('va', attachment, present ? attachment.spec?.nodeName : undefined),
      ),
      follow('resourceslices.resource.k8s.io', (slice, present) =>
        this.#setDirect('slice', slice, present ? slice.spec?.nodeName : undefined),
      ),
    ];
  }

  /** Is there a way from the object to the node? */
  isRelated(key: string, node: string): boolean {
    if (this.#nodes.get(key)?.has(node)) return true;
    const volume = this.#volumes.get(key);
    if (volume) return this.#nodes.get(volume.claim)?.has(node) ?? false;
    for (const other of this.#volumesOfSecret.get(key) ?? []) if (this.isRelated(other, node)) return true;
    return false;
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  #setPod(pod: KubeObject, present: boolean): void {
    const key = referenceKey('pod', pod.metadata.namespace ?? '', pod.metadata.name ?? '');
    const node: unknown = pod.spec?.nodeName;
    const bound = present && typeof node === 'string' && node !== '';
    this.#contribute(key, bound ? { node, keys: podReferences(pod).add(key) } : undefined);
  }

  #setDirect(kind: 'va' | 'slice', object: KubeObject, node: unknown): void {
    const key = referenceKey(kind, '', object.metadata.name ?? '');
    this.#contribute(
      key,
      typeof node === 'string' && node !== '' ? { node, keys: new Set([key]) } : undefined,
    );
  }

  #contribute(source: string, next: Contribution | undefined): void {
    const last = this.#contributions.get(source);
    if (last) for (const key of last.keys) this.#count(key, last.node, -1);
    if (next) {
      this.#contributions.set(source, next);
      for (const key of next.keys) this.#count(key, next.node, 1);
    } else this.#contributions.delete(source);
  }

  #count(key: string, node: string, by: number): void {
    const counts = this.#nodes.get(key) ?? new Map<string, number>();
    const count = (counts.get(node) ?? 0) + by;
    if (count > 0) counts.set(node, count);
    else counts.delete(node);
    if (counts.size > 0) this.#nodes.set(key, counts);
    else this.#nodes.delete(key);
  }

  #setVolume(volume: KubeObject, present: boolean): void {
    const key = referenceKey('pv', '', volume.metadata.name ?? '');
    for (const secret of this.#volumes.get(key)?.secrets ?? []) {
      const volumes = this.#volumesOfSecret.get(secret);
      if (volumes?.delete(key) && volumes.size === 0) this.#volumesOfSecret.delete(secret);
    }
    this.#volumes.delete(key);
    const claim = volume.spec?.claimRef;
    if (!present || !claim) return;
    const secrets = volumeSecrets(volume);
    this.#volumes.set(key, { claim: referenceKey('pvc', claim.namespace ?? '', claim.name ?? ''), secrets });
    for (const secret of secrets) {
      const volumes = this.#volumesOfSecret.get(secret) ?? new Set<string>();
      volumes.add(key);
      this.#volumesOfSecret.set(secret, volumes);
    }
  }
}

/** A bound pod's spec changes little: only these parts change what it refers to. */
function samePod(a: KubeObject, b: KubeObject): boolean {
  return (
    a.metadata.uid === b.metadata.uid &&
    a.spec?.nodeName === b.spec?.nodeName &&
    (a.spec?.ephemeralContainers?.length ?? 0) === (b.spec?.ephemeralContainers?.length ?? 0) &&
    (a.status?.resourceClaimStatuses?.length ?? 0) === (b.status?.resourceClaimStatuses?.length ?? 0) &&
    a.status?.extendedResourceClaimStatus?.resourceClaimName ===
      b.status?.extendedResourceClaimStatus?.resourceClaimName
  );
}
