import { BIND_COMPLETED, SELECTED_NODE } from '@sampan/machinery';
import { type Failure, failure } from './failure.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Claim, Volume } from './types.ts';
import type { VolumeCatalog } from './volume-catalog.ts';
import { canProvision, classOf, matchingVolume, volumeIsInZone, volumeIsOn } from './volume-match.ts';

const NOT_ON_NODE = failure('VolumeBinding', false, "node(s) didn't match PersistentVolume's node affinity");
const NOT_FOUND = failure('VolumeBinding', false, "node(s) didn't find available persistent volumes to bind");
const MISSING = failure(
  'VolumeBinding',
  false,
  'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
);
const WRONG_ZONE = failure('VolumeZone', false, 'node(s) had no available volume zone');
const TOO_MANY = failure('NodeVolumeLimits', true, 'node(s) exceed max volume count');

/** What must happen to claims before a pod can start on the node that was chosen for it. */
export interface VolumePlan {
  /** Volumes to bind. */
  readonly bind: readonly { readonly claim: Claim; readonly volume: Volume }[];
  /** Claims that a provisioner makes a volume for, on this node. */
  readonly provision: readonly Claim[];
}

/** The claims of one pod, for one attempt to place it (upstream's VolumeBinding, VolumeZone, NodeVolumeLimits). */
export class PodVolumes {
  /** The pod can be nowhere, and why; upstream's PreFilter message. */
  readonly problem: string | undefined;
  readonly #catalog: VolumeCatalog;
  readonly #bound: Volume[] = [];
  readonly #waiting: Claim[] = [];
  readonly #pod: PodInfo;
  #isLost = false;

  constructor(pod: PodInfo, catalog: VolumeCatalog) {
    this.#pod = pod;
    this.#catalog = catalog;
    this.problem = this.#read();
    this.#waiting.sort((a, b) => sizeOf(a) - sizeOf(b));
  }

  #read(): string | undefined {
    const { namespace, pod } = this.#pod;
    const ephemeral = new Set(
      (this.#pod.spec.volumes ?? []).flatMap((volume) =>
        volume.ephemeral ? [`${this.#pod.name}-${volume.name}`] : [],
      ),
    );
    let unbound = false;
    for (const name of this.#pod.claims) {
      const claim = this.#catalog.claim(namespace, name);
      if (!claim) {
        if (ephemeral.has(name))
          return `waiting for ephemeral volume controller to create the persistentvolumeclaim ${JSON.stringify(name)}`;
        return `persistentvolumeclaim ${JSON.stringify(name)} not found`;
      }
      if (claim.status?.phase === 'Lost')
        return `persistentvolumeclaim ${JSON.stringify(name)} bound to non-existent persistentvolume ${JSON.stringify(claim.spec?.volumeName ?? '')}`;
      if (claim.metadata.deletionTimestamp)
        return `persistentvolumeclaim ${JSON.stringify(name)} is being deleted`;
      if (ephemeral.has(name) && !isControlledBy(claim, pod.metadata.uid))
        return `PVC ${namespace}/${name} was not created for pod ${namespace}/${this.#pod.name} (pod is not owner)`;
      const volumeName = claim.spec?.volumeName;
      if (volumeName && claim.metadata.annotations?.[BIND_COMPLETED] !== undefined) {
        const volume = this.#catalog.volumes.get(volumeName);
        if (volume) this.#bound.push(volume);
        else this.#isLost = true;
      } else if (!volumeName && this.#waitsForConsumer(claim)) this.#waiting.push(claim);
      else unbound = true;
    }
    return unbound ? 'pod has unbound immediate PersistentVolumeClaims' : undefined;
  }

  #waitsForConsumer(claim: Claim): boolean {
    const name = classOf(claim);
    return name !== '' && this.#catalog.classes.get(name)?.volumeBindingMode === 'WaitForFirstConsumer';
  }

  /** Why the pod's volumes cannot be on a node. */
  check(node: NodeInfo): Failure | undefined {
    const limit = this.#overLimit(node);
    if (limit) return limit;
    if (this.#isLost) return MISSING;
    for (const volume of this.#bound) if (!volumeIsOn(volume, node)) return NOT_ON_NODE;
    if (this.#waiting.length > 0 && !this.plan(node)) return NOT_FOUND;
    for (const volume of this.#bound) if (!volumeIsInZone(volume, node)) return WRONG_ZONE;
    return undefined;
  }

  /** What to do for the claims that wait for a node; undefined when nothing can be done on this one. */
  plan(node: NodeInfo): VolumePlan | undefined {
    const bind: { claim: Claim; volume: Volume }[] = [];
    const provision: Claim[] = [];
    const taken = new Set<string>();
    for (const claim of this.#waiting) {
      const selected = claim.metadata.annotations?.[SELECTED_NODE];
      if (selected) {
        if (selected !== node.name) return undefined;
        provision.push(claim);
        continue;
      }
      const volume = matchingVolume(this.#catalog, claim, node, taken);
      if (volume) {
        taken.add(volume.metadata.name ?? '');
        bind.push({ claim, volume });
      } else if (canProvision(this.#catalog.classes.get(classOf(claim)), node)) provision.push(claim);
      else return undefined;
    }
    return { bind, provision };
  }

  /** CSI drivers say how many volumes a node can attach (CSINode). */
  #overLimit(node: NodeInfo): Failure | undefined {
    const drivers = this.#catalog.csiNodes.get(node.name)?.spec?.drivers ?? [];
    const limits = new Map<string, number>();
    for (const { name, allocatable } of drivers)
      if (allocatable?.count !== undefined) limits.set(name, allocatable.count);
    if (limits.size === 0) return undefined;
    const added = this.#csiVolumes(this.#pod);
    if (added.size === 0) return undefined;
    const present = new Map<string, string>();
    for (const pod of node.pods.values())
      if (pod.claims.length > 0)
        for (const [handle, driver] of this.#csiVolumes(pod)) present.set(handle, driver);
    const attached = new Map<string, number>();
    for (const driver of present.values()) attached.set(driver, (attached.get(driver) ?? 0) + 1);
    for (const [handle, driver] of added) {
      if (present.has(handle)) continue;
      const count = (attached.get(driver) ?? 0) + 1;
      if (count > (limits.get(driver) ?? Number.POSITIVE_INFINITY)) return TOO_MANY;
      attached.set(driver, count);
    }
    return undefined;
  }

  /** Handle → driver of a pod's volumes; claims without a volume yet count for their provisioner. */
  #csiVolumes(pod: PodInfo): Map<string, string> {
    const found = new Map<string, string>();
    for (const name of pod.claims) {
      const claim = this.#catalog.claim(pod.namespace, name);
      if (!claim) continue;
      const volume = this.#catalog.volumes.get(claim.spec?.volumeName ?? '');
      const csi = volume?.spec?.csi;
      if (csi) found.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver);
      else if (!volume) {
        const provisioner = this.#catalog.classes.get(classOf(claim))?.provisioner;
        if (provisioner) found.set(`${provisioner}/${pod.namespace}/${name}`, provisioner);
      }
    }
    return found;
  }
}

const sizeOf = (claim: Claim): number => Number.parseFloat(claim.spec?.resources?.requests?.storage ?? '0');

const isControlledBy = (claim: Claim, uid: string | undefined): boolean =>
  (claim.metadata.ownerReferences ?? []).some((owner) => owner.controller === true && owner.uid === uid);
