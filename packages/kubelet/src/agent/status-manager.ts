import { type KubeObject, type k8s, StatusError } from '@sampan/api';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import { type Client, REFS } from '@sampan/machinery';
import { isOwnCondition } from '../pods/pod-conditions.ts';
import { RESIZE_CONDITIONS } from '../pods/resize-conditions.ts';

export interface StatusManagerOptions {
  /** The node's own user. */
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
}

const RETRY_MS = 1000;

interface Pending {
  readonly pod: k8s.Pod;
  status: k8s.PodStatus;
  told: string;
  working: Promise<void> | undefined;
  cancel: () => void;
}

/**
 * Tells the API the statuses of pods, the newest of each, one request for a pod at a time; tries again until it is
 * told or the pod is gone.
 */
export class StatusManager {
  readonly #options: StatusManagerOptions;
  readonly #pods = new Map<string, Pending>();
  #running = true;

  constructor(options: StatusManagerOptions) {
    this.#options = options;
  }

  /** The status of a pod; does not wait. */
  set(pod: k8s.Pod, status: k8s.PodStatus): void {
    if (!this.#running) return;
    const uid = pod.metadata?.uid ?? '';
    const pending = this.#pods.getOrInsertComputed(uid, () => ({
      pod,
      status,
      told: '',
      working: undefined,
      cancel: () => {},
    }));
    pending.status = status;
    this.#work(uid, pending);
  }

  /** Resolves when what was set last is told, or can never be. */
  async flush(uid: string): Promise<void> {
    for (;;) {
      const pending = this.#pods.get(uid);
      if (!pending?.working) return;
      await pending.working;
    }
  }

  forget(uid: string): void {
    this.#pods.get(uid)?.cancel();
    this.#pods.delete(uid);
  }

  async stop(): Promise<void> {
    this.#running = false;
    const all = [...this.#pods.values()];
    for (const { cancel } of all) cancel();
    await Promise.all(all.map(({ working }) => working));
  }

  #work(uid: string, pending: Pending): void {
    pending.working ??= this.#tell(uid, pending).finally(() => {
      pending.working = undefined;
      // set again while it was told
      if (this.#running && this.#pods.get(uid) === pending && pending.told !== textOf(pending.status))
        this.#work(uid, pending);
    });
  }

  async #tell(uid: string, pending: Pending): Promise<void> {
    const { client, clock, log } = this.#options;
    const { namespace, name = '' } = pending.pod.metadata ?? {};
    const { status } = pending;
    const text = textOf(status);
    if (text === pending.told) return;
    try {
      await client.patch<KubeObject>(REFS.pods, namespace, name, 'strategic', statusPatch(uid, status), {
        subresource: 'status',
      });
      pending.told = text;
    } catch (error) {
      if (isGone(error)) {
        pending.told = text;
        return;
      }
      log.warn('the status of a pod could not be told', {
        pod: `${namespace}/${name}`,
        error: messageOf(error),
      });
      await new Promise<void>((resolve) => {
        const cancel = clock.schedule(resolve, RETRY_MS);
        pending.cancel = () => {
          cancel();
          resolve();
        };
      });
    }
  }
}

const textOf = (status: k8s.PodStatus): string => JSON.stringify(status);

/** The pod is deleted, or another one of its name is there (a conflict of the uid). */
const isGone = (error: unknown): boolean =>
  error instanceof StatusError && (error.code === 404 || error.code === 409);

/** What the node tells; what is absent of it is taken away. Conditions of others stay as they are. */
const OWN_FIELDS = [
  'observedGeneration',
  'phase',
  'reason',
  'message',
  'hostIP',
  'podIP',
  'startTime',
  'qosClass',
  'initContainerStatuses',
  'containerStatuses',
  'ephemeralContainerStatuses',
  'resize',
  'resources',
  'allocatedResources',
] as const satisfies readonly (keyof k8s.PodStatus)[];

/** A strategic merge patch for one pod only: the uid is compared. Pure. */
export function statusPatch(uid: string, status: k8s.PodStatus): object {
  const own: Record<string, unknown> = {};
  for (const field of OWN_FIELDS) own[field] = status[field] ?? null;
  const { podIPs, hostIPs, conditions = [] } = status;
  const told = conditions.filter(isOwnCondition);
  const past = RESIZE_CONDITIONS.filter((type) => !told.some((condition) => condition.type === type));
  return {
    metadata: { uid },
    status: {
      ...own,
      // merged by address otherwise
      podIPs: [...(podIPs ?? []), { $patch: 'replace' }],
      hostIPs: [...(hostIPs ?? []), { $patch: 'replace' }],
      // what a condition says no more would stay otherwise
      conditions: [
        ...told.map((condition) => ({ reason: null, message: null, ...condition })),
        ...past.map((type) => ({ type, $patch: 'delete' })),
      ],
    },
  };
}
