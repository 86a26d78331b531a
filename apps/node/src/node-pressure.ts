import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import type { HomeLayout } from '@sampan/home';
import {
  type Agent,
  type ContainerRuntime,
  EvictionManager,
  ImageCollector,
  parseReclaimSettings,
  type ReclaimSettings,
  removeLeftLogs,
  type Stats,
} from '@sampan/kubelet';
import type { ClusterFolders } from './cluster-place.ts';

export interface PressureOptions {
  readonly home: HomeLayout;
  readonly agent: Agent;
  readonly runtime: ContainerRuntime;
  readonly stats: Stats;
  readonly clock: Clock;
  readonly log: Logger;
  /** Images are those of all clusters: one of them removes what nothing uses. `runtime` sees all of them then. Default true. */
  readonly ownsImages?: boolean;
  /** As `readReclaimSettings` gives them. */
  readonly settings: ReclaimSettings;
  /** Whether other clusters have pods that are evicted before any of these. */
  readonly yields: () => boolean;
  /** The node's conditions are others now. */
  readonly changed: () => void;
}

export interface WatchedPressure {
  readonly eviction: EvictionManager;
  stop(): Promise<void>;
}

/** Keeps memory and disk of the machine from running out. Of pods that are known, so after the agent's start. */
export function watchPressure(options: PressureOptions): WatchedPressure {
  const { agent, stats, settings, clock, log, changed, yields } = options;
  const warn = (reason: string, message: string) => agent.events.ofNode({ type: 'Warning', reason, message });
  const images = (options.ownsImages ?? true) ? imageCollector(options, warn) : undefined;
  const eviction = new EvictionManager({
    ...{ clock, log, stats, changed, yields },
    pods: () => agent.pods(),
    evict: (uid, verdict) => agent.runner.condemn(uid, verdict),
    event: (pod, reason, message) => {
      if (pod) agent.events.ofPod(pod, { type: 'Warning', reason, message });
      else warn(reason, message);
    },
    reclaimDisk: async () => images?.removeUnused(),
    config: settings.eviction,
  });
  images?.start();
  eviction.start();
  return {
    eviction,
    async stop() {
      await eviction.stop();
      await images?.stop();
    },
  };
}

function imageCollector(
  { home, runtime, settings, clock, log }: PressureOptions,
  event: (reason: string, message: string) => void,
): ImageCollector {
  const { images: config } = settings;
  return new ImageCollector({ clock, log, runtime, imageFolder: home.node.containerd, event, config });
}

/** The owner's own settings of the node. Throws `kubelet-settings-invalid`. */
export async function readReclaimSettings({ node }: HomeLayout): Promise<ReclaimSettings> {
  const text = await readFile(join(node.root, 'kubelet.json'), 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    },
  );
  return parseReclaimSettings(text);
}

/** Of pods that were deleted while no agent ran. Never rejects. */
export async function forgetLeftLogs({
  folders,
  agent,
  runtime,
  log,
}: Pick<PressureOptions, 'agent' | 'runtime' | 'log'> & {
  readonly folders: Pick<ClusterFolders, 'podLogs'>;
}): Promise<void> {
  try {
    const known = [
      ...agent.pods().map(({ metadata }) => metadata?.uid ?? ''),
      ...(await runtime.listSandboxes()).map(({ uid }) => uid),
    ];
    const removed = await removeLeftLogs(folders.podLogs, new Set(known));
    if (removed.length > 0) log.info('removed logs of pods that are gone', { pods: removed.length });
  } catch (error) {
    log.warn('logs of pods that are gone could not be removed', { error: messageOf(error) });
  }
}
