import type { k8s } from '@sampan/api';
import type { NodeEvent } from '../agent/pod-events.ts';
import { isMirror, MirrorPods, type MirrorPodsOptions } from './mirror-pods.ts';
import { StaticPods } from './static-pods.ts';

export interface StaticSourceOptions extends MirrorPodsOptions {
  /** Of manifests; undefined: there are none. */
  readonly folder: string | undefined;
  /** A pod that is to run; no other of its name does. */
  readonly set: (pod: k8s.Pod) => void;
  /** A pod that is to end, as if it were deleted with the grace that it carries. */
  readonly remove: (pod: k8s.Pod) => void;
  readonly event: (event: NodeEvent) => void;
}

/** The pods of files, and their mirrors in the API: a second source of pods beside it. Callbacks must not throw. */
export class StaticSource {
  readonly #options: StaticSourceOptions;
  readonly #mirrors: MirrorPods;
  readonly #files: StaticPods | undefined;
  /** Those that were given and have not ended, by uid. */
  readonly #given = new Map<string, k8s.Pod>();
  /** A changed manifest is another pod of the same name: it begins when the former one has ended. */
  readonly #held = new Map<string, k8s.Pod>();

  constructor(options: StaticSourceOptions) {
    this.#options = options;
    this.#mirrors = new MirrorPods(options);
    const { folder } = options;
    this.#files = folder === undefined ? undefined : new StaticPods({ ...options, ...this.#takes(folder) });
  }

  /** Resolves when the pods that there are have been given. Throws when the folder cannot be watched. */
  async start(): Promise<void> {
    await this.#files?.start();
  }

  /** When the API's pods are known: from now on it is changed. */
  startMirrors(): void {
    this.#mirrors.start();
  }

  async stop(): Promise<void> {
    this.#mirrors.stop();
    await this.#files?.close();
  }

  /** Takes a change of the API's when it is of a mirror. */
  takes(pod: k8s.Pod, isDeleted: boolean): boolean {
    if (!isMirror(pod)) return false;
    if (isDeleted) this.#mirrors.lost(pod);
    else this.#mirrors.seen(pod);
    return true;
  }

  /** The static pod that a mirror shows. */
  podOf(mirrorUid: string): k8s.Pod | undefined {
    return this.#mirrors.podOf(mirrorUid);
  }

  has(uid: string): boolean {
    return this.#given.has(uid);
  }

  /** What became of a pod that was given. */
  told(pod: k8s.Pod, status: k8s.PodStatus): void {
    this.#mirrors.told(pod, status);
  }

  /** A pod that was given has ended and is forgotten. */
  ended(pod: k8s.Pod): void {
    if (!this.#given.delete(pod.metadata?.uid ?? '')) return;
    this.#mirrors.remove(pod);
    const next = [...this.#held.values()].find((held) => isNamesake(held, pod));
    if (next && this.#held.delete(next.metadata?.uid ?? '')) this.#set(next);
  }

  #takes(folder: string) {
    return {
      folder,
      set: (pod: k8s.Pod) => this.#set(pod),
      remove: (pod: k8s.Pod) => this.#remove(pod),
      bad: (message: string) => this.#options.event({ type: 'Warning', reason: 'FailedStaticPod', message }),
    };
  }

  #set(pod: k8s.Pod): void {
    const uid = pod.metadata?.uid ?? '';
    if ([...this.#given.values()].some((given) => isNamesake(given, pod))) {
      this.#held.set(uid, pod);
      return;
    }
    this.#given.set(uid, pod);
    this.#mirrors.set(pod);
    this.#options.set(pod);
  }

  /** A manifest that is taken away gives its pod the time that it asks for. */
  #remove(pod: k8s.Pod): void {
    if (this.#held.delete(pod.metadata?.uid ?? '')) return;
    const deletionGracePeriodSeconds = pod.spec?.terminationGracePeriodSeconds ?? 30;
    this.#options.remove({ ...pod, metadata: { ...pod.metadata, deletionGracePeriodSeconds } });
  }
}

function isNamesake({ metadata: a }: k8s.Pod, { metadata: b }: k8s.Pod): boolean {
  return a?.name === b?.name && a?.namespace === b?.namespace;
}
