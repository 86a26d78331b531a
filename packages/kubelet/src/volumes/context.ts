import type { k8s } from '@sampan/api';
import type { Clock, Logger } from '@sampan/base';
import type { NodeFacts } from '../pods/node-facts.ts';
import type { HostPolicy } from '../policy/host-policy.ts';
import type { PodEvent } from '../worker/pod-event.ts';
import type { ImageVolumes } from './image-volume.ts';
import type { MemoryFolder } from './memory-folder.ts';
import type { PodTokens } from './pod-tokens.ts';
import type { VolumeSources } from './volume-sources.ts';

/** Local volumes whose file systems are mounted only while pods use them. */
export interface LocalAttachments {
  /** Whether the folder or device is one of them, which pods may have whatever the policy says. */
  has(path: string): boolean;
  /** Before a pod uses the folder or device of a local volume, of whatever kind. May be called again. */
  attach(path: string, uid: string): Promise<void>;
  /** The pod uses none any more. May be called again. Must not throw. */
  detach(uid: string): Promise<void>;
}

/** What kinds of volumes work with. */
export interface VolumeContext {
  readonly node: NodeFacts;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sources: VolumeSources;
  readonly memory: MemoryFolder;
  readonly tokens: PodTokens;
  readonly local: LocalAttachments;
  /** Which places of the machine pods of this cluster may have. */
  readonly hostPaths: HostPolicy['hostPaths'];
  /** Undefined: there are no image volumes. */
  readonly images: ImageVolumes | undefined;
  readonly tell: (pod: k8s.Pod, event: PodEvent) => void;
}

/** A volume to make ready. */
export interface VolumeTask {
  readonly pod: k8s.Pod;
  readonly volume: k8s.Volume;
  /** It is used as a file system, as a device. */
  readonly mounted: boolean;
  readonly asDevice: boolean;
  /** Mounts within it are to be seen elsewhere. */
  readonly propagates: boolean;
}

export interface ReadyVolume {
  /** On the machine. */
  readonly path: string;
  /** Whatever the container asks for. */
  readonly readOnly: boolean;
  readonly isDevice: boolean;
  /** It is to be made ready again when what it shows changes. */
  readonly live: boolean;
  /** It must be made ready again then (milliseconds since the epoch), whatever happens. */
  readonly refreshAt?: number;
}

/** A folder as it is when it is ready. */
export function readyFolder(path: string, readOnly: boolean): ReadyVolume {
  return { path, readOnly, isDevice: false, live: false };
}

/** Makes one kind of volume ready; may be called again. Throws MountFailure or what went wrong. */
export type SetUpVolume = (task: VolumeTask, context: VolumeContext) => Promise<ReadyVolume>;

/** Where upstream has it: FOLDER/UID/volumes/kubernetes.io~KIND/NAME. */
export function volumeFolder(
  { pod, volume }: Pick<VolumeTask, 'pod' | 'volume'>,
  kind: string,
  { node }: VolumeContext,
): string {
  return `${node.podFolder}/${pod.metadata?.uid}/volumes/kubernetes.io~${kind}/${volume.name}`;
}
