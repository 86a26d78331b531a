import type { k8s } from '@sampan/api';
import type { Clock, Logger } from '@sampan/base';
import type { PodCgroups } from '../cgroups/pod-cgroups.ts';
import type { EnvSources } from '../pods/container-env.ts';
import type { NodeFacts } from '../pods/node-facts.ts';
import type { BackoffLimits } from '../pods/restart-backoff.ts';
import type { ContainerRuntime, Device, Mount, RegistryCredentials } from '../runtime/index.ts';
import type { ImagePuller } from './image-puller.ts';
import type { PodEvent } from './pod-event.ts';

/** What pods need besides the runtime; shared by all workers. */
export interface PodServices {
  readonly runtime: ContainerRuntime;
  readonly images: ImagePuller;
  readonly node: NodeFacts;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly volumes: PodVolumes;
  /** Config maps, secrets and services that environment variables name. Called before each start of a container. */
  readonly environment: (pod: k8s.Pod) => Promise<Pick<EnvSources, 'configMap' | 'secret' | 'services'>>;
  /** For the registry of a container's image; undefined: none. */
  readonly credentials: (pod: k8s.Pod, container: k8s.Container) => Promise<RegistryCredentials | undefined>;
  /** The runtime's handler for a pod's runtime class; undefined: the default. Throws StartError. */
  readonly handler: (pod: k8s.Pod) => Promise<string | undefined>;
  /**
   * Called before each start of a container of a pod that has this address in the pod network: resolves when the
   * network is ready for it. Default: it always is. Throws StartError.
   */
  readonly connected?: (pod: k8s.Pod, ip: string) => Promise<void>;
  /**
   * What the machine dials to reach an address as the pod's network knows it: the pod's own, or one that its author
   * named. Default: the same. Throws when that must not be dialled.
   */
  readonly address?: (pod: k8s.Pod, host: string) => string;
  /** Limits of whole pods. Absent: only containers have limits. */
  readonly cgroups?: PodCgroups;
  readonly timing?: Partial<PodTiming>;
}

/** Volumes of pods on the node. */
export interface PodVolumes {
  /** A pod that runs here, or its new version: volumes that are ready follow it. Does not wait and does not throw. */
  update(pod: k8s.Pod): void;
  /** Makes all of a pod's volumes ready; may be called again. Throws StartError, `FailedMount` after telling events. */
  prepare(pod: k8s.Pod): Promise<void>;
  /** The mounts of one container, of volumes that are ready; `variables`: its environment. Throws StartError. */
  mounts(pod: k8s.Pod, container: k8s.Container, variables: ReadonlyMap<string, string>): Promise<Mount[]>;
  /** The devices of one container that are volumes. Throws StartError. */
  devices(pod: k8s.Pod, container: k8s.Container): Promise<Device[]>;
  /** After the pod has ended. May be called twice, also after it failed. */
  release(pod: k8s.Pod): Promise<void>;
  /** Who hears of the volumes; the returned function ends it. */
  listen(listener: VolumesListener): () => void;
}

/** Calls must not throw. */
export interface VolumesListener {
  /** What could not be prepared for a pod may be possible now. */
  retry(uid: string): void;
  event(uid: string, event: PodEvent): void;
}

export interface PodTiming {
  /** Of containers that end. */
  readonly restart: BackoffLimits;
  /** Of images that cannot be fetched. */
  readonly pull: BackoffLimits;
  /** Of volumes that cannot be made ready. */
  readonly mount: BackoffLimits;
  /** Before a container that could not be made, or a sandbox, is tried again. */
  readonly retryMs: number;
}

/** The kubelet's. */
export const POD_TIMING: PodTiming = {
  restart: { initialMs: 10_000, maxMs: 300_000 },
  pull: { initialMs: 10_000, maxMs: 300_000 },
  mount: { initialMs: 500, maxMs: 122_000 },
  retryMs: 10_000,
};
