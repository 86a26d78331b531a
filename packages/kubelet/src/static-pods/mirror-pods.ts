import { type KubeObject, type k8s, StatusError } from '@sampan/api';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import { type Client, REFS } from '@sampan/machinery';
import { CONFIG_HASH } from './manifest.ts';

const MIRROR = 'kubernetes.io/config.mirror';
const RETRY_MS = 5000;

export interface MirrorPodsOptions {
  /** The node's own user. */
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly node: string;
  /** The node's object; undefined: not known yet. */
  readonly nodeUid: () => string | undefined;
  /** Tells the status of a mirror. */
  readonly tell: (mirror: k8s.Pod, status: k8s.PodStatus) => void;
  /** A mirror is no more. */
  readonly gone: (uid: string) => void;
}

interface Entry {
  pod: k8s.Pod | undefined;
  status: k8s.PodStatus | undefined;
  mirror: k8s.Pod | undefined;
  working: boolean;
  /** It was changed, and the watch has yet to show it. */
  awaited: boolean;
  cancel: () => void;
}

/** Whether the API's pod only shows one that its node runs on its own. */
export function isMirror({ metadata }: k8s.Pod): boolean {
  return metadata?.annotations?.[MIRROR] !== undefined;
}

/**
 * Shows static pods in the API: each has a mirror there, which is made again when somebody deletes it and is removed
 * with its pod (kubelet mirror_client.go). Never throws and never waits; tries until it is so.
 */
export class MirrorPods {
  readonly #options: MirrorPodsOptions;
  /** By namespace and name. */
  readonly #entries = new Map<string, Entry>();
  #running = false;

  constructor(options: MirrorPodsOptions) {
    this.#options = options;
  }

  /** From now on the API is changed: what mirrors there are is known. */
  start(): void {
    this.#running = true;
    for (const key of this.#entries.keys()) this.#work(key);
  }

  stop(): void {
    this.#running = false;
    for (const { cancel } of this.#entries.values()) cancel();
  }

  /** A static pod that runs here. */
  set(pod: k8s.Pod): void {
    this.#update(pod, { pod, status: pod.status });
  }

  /** What became of it. */
  told(pod: k8s.Pod, status: k8s.PodStatus): void {
    if (this.#entries.get(keyOf(pod))?.pod?.metadata?.uid !== pod.metadata?.uid) return;
    this.#update(pod, { status });
  }

  /** It runs no more. */
  remove(pod: k8s.Pod): void {
    if (this.#entries.get(keyOf(pod))?.pod?.metadata?.uid !== pod.metadata?.uid) return;
    this.#update(pod, { pod: undefined, status: undefined });
  }

  /** A mirror as the API has it. */
  seen(mirror: k8s.Pod): void {
    this.#update(mirror, { mirror, awaited: false });
  }

  /** A mirror that the API has no more. */
  lost(mirror: k8s.Pod): void {
    this.#options.gone(mirror.metadata?.uid ?? '');
    if (this.#entries.get(keyOf(mirror))?.mirror?.metadata?.uid !== mirror.metadata?.uid) return;
    this.#update(mirror, { mirror: undefined, awaited: false });
  }

  /** The static pod that a mirror shows. */
  podOf(mirrorUid: string): k8s.Pod | undefined {
    return [...this.#entries.values()].find(({ mirror }) => mirror?.metadata?.uid === mirrorUid)?.pod;
  }

  #update(of: k8s.Pod, change: Partial<Pick<Entry, 'pod' | 'status' | 'mirror' | 'awaited'>>): void {
    const key = keyOf(of);
    const entry = this.#entries.get(key) ?? newEntry();
    this.#entries.set(key, Object.assign(entry, change));
    this.#work(key);
  }

  #work(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry || entry.working || entry.awaited || !this.#running) return;
    const { pod, mirror, status } = entry;
    if (!pod && !mirror) {
      this.#entries.delete(key);
      return;
    }
    if (pod && mirror && shows(mirror, pod)) {
      if (status) this.#options.tell(mirror, status);
      return;
    }
    entry.working = true;
    entry.cancel();
    // before it is done: the watch may be quicker than the answer
    entry.awaited = true;
    void this.#change(entry).then((failed) => {
      entry.working = false;
      if (failed) entry.awaited = false;
      if (!failed || !this.#running) this.#work(key);
      else entry.cancel = this.#options.clock.schedule(() => this.#work(key), RETRY_MS);
    });
  }

  /** Deletes a wrong mirror, or makes the right one. Never rejects; answers whether it failed. */
  async #change({ pod, mirror }: Entry): Promise<boolean> {
    const { client, log } = this.#options;
    const { namespace, name = '', uid } = (mirror ?? pod)?.metadata ?? {};
    try {
      if (mirror) {
        const preconditions = uid === undefined ? {} : { preconditions: { uid } };
        await client.delete(REFS.pods, namespace, name, { gracePeriodSeconds: 0, ...preconditions });
      } else if (pod) await client.create(REFS.pods, this.#mirrorOf(pod));
      return false;
    } catch (error) {
      if (mirror && error instanceof StatusError && (error.code === 404 || error.code === 409)) return false;
      const fields = { pod: `${namespace}/${name}`, error: messageOf(error) };
      log.warn('a static pod cannot be shown in the API', fields);
      return true;
    }
  }

  #mirrorOf({ metadata = {}, spec }: k8s.Pod): KubeObject {
    const { node, nodeUid } = this.#options;
    const uid = nodeUid();
    if (uid === undefined) throw new Error('the node is not registered yet');
    const { name, namespace, labels, annotations = {} } = metadata;
    const hash = annotations[CONFIG_HASH] ?? '';
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...{ name, namespace },
        ...(labels && { labels }),
        annotations: { ...annotations, [MIRROR]: hash },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid, controller: true }],
      },
      spec,
    } as KubeObject;
  }
}

function newEntry(): Entry {
  const nothing = { pod: undefined, status: undefined, mirror: undefined };
  return { ...nothing, working: false, awaited: false, cancel: () => {} };
}

function shows({ metadata }: k8s.Pod, pod: k8s.Pod): boolean {
  const hash = pod.metadata?.annotations?.[CONFIG_HASH];
  return metadata?.annotations?.[MIRROR] === hash && metadata?.deletionTimestamp === undefined;
}

function keyOf({ metadata }: k8s.Pod): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}
