import { readdir } from 'node:fs/promises';
import type { k8s } from '@sampan/api';
import { type Clock, deepEqual, type Logger, messageOf } from '@sampan/base';
import type { NodeFacts } from '../pods/node-facts.ts';
import type { HostPolicy } from '../policy/host-policy.ts';
import type { Device, Mount } from '../runtime/index.ts';
import { POD_TIMING, type PodVolumes, type VolumesListener } from '../worker/pod-services.ts';
import { containerDevices, containerMounts } from './container-mounts.ts';
import type { LocalAttachments, VolumeContext } from './context.ts';
import type { ImageVolumes } from './image-volume.ts';
import { makeReady } from './make-ready.ts';
import { MemoryFolder } from './memory-folder.ts';
import { removeTree } from './mounts.ts';
import { PodState } from './pod-state.ts';
import { PodTokens } from './pod-tokens.ts';
import { podReferences, usedVolumes, volumeReferences } from './references.ts';
import { MEMORY, podsWithFolders, removeVolumes } from './remove-volumes.ts';
import type { SourceChange, VolumeSources } from './volume-sources.ts';

export interface PodVolumesOptions {
  /** Volumes are below `podFolder`. */
  readonly node: NodeFacts;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sources: VolumeSources;
  /** Default: local volumes are there as they are. */
  readonly local?: LocalAttachments;
  /** Which places of the machine pods may have, by whatever kind of volume; default: all. */
  readonly hostPaths?: HostPolicy['hostPaths'];
  /** Default: pods with image volumes wait in vain. */
  readonly images?: ImageVolumes;
}

/** Volumes of pods as upstream's kubelet has them. All is on the disk: a new one goes on where a former one ended. */
export interface ManagedPodVolumes extends PodVolumes {
  /** Removes what is left of pods that are neither known nor `wanted`, by uid. Returns the uids of those removed. */
  removeOrphans(wanted: ReadonlySet<string>): Promise<string[]>;
  /** Stops following changes; volumes stay as they are. Resolves when nothing is being done. */
  close(): Promise<void>;
}

const AS_THEY_ARE: LocalAttachments = {
  has: () => false,
  attach: async () => {},
  detach: async () => {},
};

export function createPodVolumes(options: PodVolumesOptions): ManagedPodVolumes {
  return new LocalPodVolumes(options);
}

class LocalPodVolumes implements ManagedPodVolumes {
  readonly #context: VolumeContext;
  readonly #states = new Map<string, PodState>();
  readonly #listeners = new Set<VolumesListener>();
  readonly #unfollow: () => void;
  #closed = false;

  constructor(options: PodVolumesOptions) {
    const { node, clock, logger, sources } = options;
    this.#context = {
      ...{ node, clock, logger, sources },
      memory: new MemoryFolder(`${node.podFolder}/${MEMORY}`),
      tokens: new PodTokens(sources, clock, logger),
      local: options.local ?? AS_THEY_ARE,
      hostPaths: options.hostPaths ?? '*',
      images: options.images,
      tell: (pod, event) => {
        for (const listener of this.#listeners) listener.event(pod.metadata?.uid ?? '', event);
      },
    };
    this.#unfollow = sources.onChange((change) => this.#sourceChanged(change));
  }

  listen(listener: VolumesListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  update(pod: k8s.Pod): void {
    const uid = pod.metadata?.uid ?? '';
    const known = this.#states.get(uid);
    if (isOver(pod) && !known?.ready.size) {
      this.#context.sources.unfollow(uid);
      this.#states.delete(uid);
      return;
    }
    this.#context.sources.follow(pod);
    if (!known) {
      void this.#adopt(this.#state(pod), uid);
      return;
    }
    const shown = ({ metadata }: k8s.Pod) => [metadata?.labels, metadata?.annotations];
    const changed = !deepEqual(shown(known.pod), shown(pod));
    known.pod = pod;
    if (changed && known.ready.size > 0) this.#refresh(known);
  }

  async prepare(pod: k8s.Pod): Promise<void> {
    const state = this.#state(pod);
    await state.run(() => makeReady(state, this.#context));
    state.failures = 0;
    this.#wakeLater(state);
  }

  async mounts(
    pod: k8s.Pod,
    container: k8s.Container,
    variables: ReadonlyMap<string, string>,
  ): Promise<Mount[]> {
    const { ready } = await this.#readyState(pod);
    const { node, logger } = this.#context;
    const podFolder = `${node.podFolder}/${pod.metadata?.uid}`;
    return containerMounts({ container, ready, podFolder, variables, logger });
  }

  async devices(pod: k8s.Pod, container: k8s.Container): Promise<Device[]> {
    if ((container.volumeDevices ?? []).length === 0) return [];
    const { ready } = await this.#readyState(pod);
    return containerDevices(container, ready);
  }

  async release(pod: k8s.Pod): Promise<void> {
    const uid = pod.metadata?.uid ?? '';
    const { tokens, sources, local } = this.#context;
    const state = this.#states.get(uid) ?? new PodState(pod);
    state.released = true;
    state.cancelTimer();
    await state.run(async () => {
      await removeVolumes(uid, this.#context);
      await local.detach(uid);
    });
    this.#states.delete(uid);
    tokens.forget(uid);
    sources.unfollow(uid);
  }

  async removeOrphans(wanted: ReadonlySet<string>): Promise<string[]> {
    const { node } = this.#context;
    const found = await podsWithFolders(this.#context);
    const orphans = found.filter((uid) => !wanted.has(uid) && !this.#states.has(uid));
    for (const uid of orphans) {
      await removeVolumes(uid, this.#context);
      await removeTree(`${node.podFolder}/${uid}`);
    }
    return orphans;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unfollow();
    for (const state of this.#states.values()) state.cancelTimer();
    await Promise.all([...this.#states.values()].map((state) => state.idle()));
  }

  #state(pod: k8s.Pod): PodState {
    const state = this.#states.getOrInsertComputed(pod.metadata?.uid ?? '', () => new PodState(pod));
    state.pod = pod;
    return state;
  }

  async #readyState(pod: k8s.Pod): Promise<PodState> {
    const state = this.#state(pod);
    if (usedVolumes(pod).some(({ volume }) => !state.ready.has(volume.name))) await this.prepare(pod);
    return state;
  }

  /** A pod that ran before this process: its volumes are followed again. */
  async #adopt(state: PodState, uid: string): Promise<void> {
    const { node, memory } = this.#context;
    const folders = [`${node.podFolder}/${uid}/volumes`, `${memory.path}/${uid}`];
    const found = await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])));
    if (found.flat().length > 0) this.#refresh(state);
  }

  #sourceChanged({ kind, namespace, name, appeared }: SourceChange): void {
    const reference = `${kind}/${name}` as const;
    for (const [uid, state] of this.#states) {
      const { pod, ready } = state;
      if (pod.metadata?.namespace !== namespace || !podReferences(pod).has(reference)) continue;
      const shown = (pod.spec?.volumes ?? []).some(
        (volume) => ready.has(volume.name) && volumeReferences(volume).includes(reference),
      );
      if (shown) this.#refresh(state);
      if (appeared) for (const listener of this.#listeners) listener.retry(uid);
    }
  }

  /** Brings live volumes up to date, now or after what is being done; what fails is tried again. */
  #refresh(state: PodState): void {
    if (state.refreshing || state.released || this.#closed) return;
    state.refreshing = true;
    state
      .run(() => {
        // what happens from here on is another refresh's
        state.refreshing = false;
        return makeReady(state, this.#context);
      })
      .then(
        () => {
          state.failures = 0;
        },
        (error: unknown) => {
          state.failures++;
          const { name, namespace } = state.pod.metadata ?? {};
          this.#context.logger.warn('volumes cannot be brought up to date', {
            pod: `${namespace}/${name}`,
            error: messageOf(error),
          });
        },
      )
      .finally(() => this.#wakeLater(state));
  }

  #wakeLater(state: PodState): void {
    state.cancelTimer();
    if (state.released || this.#closed) return;
    const { clock } = this.#context;
    const { initialMs, maxMs } = POD_TIMING.mount;
    const times = [...state.ready.values()].flatMap(({ refreshAt }) => refreshAt ?? []);
    const again = state.failures > 0 ? [clock.now() + Math.min(maxMs, initialMs * 2 ** state.failures)] : [];
    if (times.length + again.length === 0) return;
    const at = Math.min(...times, ...again);
    state.cancelTimer = clock.schedule(() => this.#refresh(state), Math.max(initialMs, at - clock.now()));
  }
}

const isOver = ({ status }: k8s.Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';
