import { type Clock, type Logger, messageOf } from '@sampan/base';
import {
  type Agent,
  ApiVolumeSources,
  type ContainerRuntime,
  createPodVolumes,
  type HostPolicy,
  ImagePuller,
  ImageVolumes,
  imageCredentials,
  LocalProvisioner,
  LocalVolumes,
  type ManagedPodVolumes,
  type NodeFacts,
} from '@sampan/kubelet';
import { type Client, HttpClient } from '@sampan/machinery';
import type { ClusterFolders, ClusterPlace } from './cluster-place.ts';
import type { MachinePart } from './machine-part.ts';

export interface VolumeOptions
  extends Pick<MachinePart, 'runtime' | 'socket' | 'pulledImages' | 'clock' | 'log'> {
  readonly folders: Pick<ClusterFolders, 'volumes' | 'credentials'>;
  /** The node's own user. */
  readonly client: Client;
  readonly facts: NodeFacts;
  readonly policy: HostPolicy;
}

/** The volumes of pods, and what ends the following of them; volumes stay. */
export function openVolumes({ folders, client, facts, policy, ...part }: VolumeOptions): {
  readonly volumes: ManagedPodVolumes;
  readonly local: LocalVolumes;
  readonly close: () => Promise<void>;
} {
  const { clock, log, runtime, socket, pulledImages } = part;
  const sources = new ApiVolumeSources({ client, clock, log });
  const local = new LocalVolumes(folders.volumes, log);
  const volumes = createPodVolumes({
    node: facts,
    clock,
    logger: log,
    sources,
    local,
    hostPaths: policy.hostPaths,
    images: new ImageVolumes({
      socket,
      images: new ImagePuller(runtime, pulledImages),
      credentials: (pod, image) => imageCredentials({ client, log, file: folders.credentials }, pod, image),
    }),
  });
  const close = async (): Promise<void> => {
    await volumes.close();
    sources.close();
  };
  return { volumes, local, close };
}

/** Removes volumes of pods that went while nobody looked; those that the runtime still has are ended by others. */
export async function removeLeftVolumes(
  volumes: ManagedPodVolumes,
  agent: Agent,
  runtime: ContainerRuntime,
  log: Logger,
): Promise<void> {
  try {
    const sandboxes = await runtime.listSandboxes();
    const pods = agent.pods().map(({ metadata }) => metadata?.uid ?? '');
    const removed = await volumes.removeOrphans(new Set([...pods, ...sandboxes.map(({ uid }) => uid)]));
    if (removed.length > 0) log.info('removed volumes of pods that are gone', { pods: removed.length });
  } catch (error) {
    log.warn('volumes of pods that are gone could not be removed', { error: messageOf(error) });
  }
}

export interface ProvisionerOptions {
  readonly place: ClusterPlace;
  readonly node: string;
  readonly volumes: LocalVolumes;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Makes volumes on this node for claims from now on; the returned function ends that. */
export function startProvisioner({ place, ...options }: ProvisionerOptions): () => Promise<void> {
  const client = new HttpClient(place.connection('provisioner'), { name: 'sampan-provisioner' });
  const provisioner = new LocalProvisioner({ client, ...options });
  provisioner.start();
  return async () => {
    await provisioner.stop();
    client.close();
  };
}
