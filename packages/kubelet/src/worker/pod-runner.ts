import type { k8s } from '@sampan/api';
import { messageOf } from '@sampan/base';
import type { Verdict } from '../pods/decision.ts';
import type { ContainerProbes } from '../pods/pod-view.ts';
import { Allocations } from '../resize/allocations.ts';
import type { RuntimeEvent } from '../runtime/index.ts';
import { leftPods } from './left-pods.ts';
import type { PodEvent } from './pod-event.ts';
import type { PodServices } from './pod-services.ts';
import { PodWorker } from './pod-worker.ts';
import type { PodReport } from './status-teller.ts';

/** What becomes of pods. Calls must not throw. */
export interface PodListener {
  /** A new status; `ended`: it is the last one, unless the pod is updated. */
  status(uid: string, report: PodReport): void;
  /** What happened to a pod; the same may come again. */
  event(uid: string, event: PodEvent): void;
}

/**
 * Runs the pods that it is given, each by a worker of its own, and hands them the runtime's events. Pods that ran
 * before under the same uid are taken over as they are.
 */
export class PodRunner {
  readonly #services: PodServices;
  readonly #listener: PodListener;
  readonly #workers = new Map<string, PodWorker>();
  readonly #allocations: Allocations;
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;
  readonly #unlisten: () => void;

  constructor(services: PodServices, listener: PodListener) {
    this.#services = services;
    this.#listener = listener;
    this.#allocations = new Allocations(services.node.allocatable);
    this.#unlisten = services.volumes.listen({
      retry: (uid) => this.retry(uid),
      event: (uid, event) => listener.event(uid, event),
    });
    this.#watching = services.runtime
      .watch((event) => this.#take(event), this.#stop.signal)
      .catch((error: unknown) => {
        services.logger.error('the runtime tells no events', { error: messageOf(error) });
      });
  }

  /** Runs a pod, or tells of a new version of one that runs. */
  set(pod: k8s.Pod): void {
    const uid = pod.metadata?.uid ?? '';
    this.#services.volumes.update(pod);
    const known = this.#workers.get(uid);
    if (known) {
      known.update(pod);
      return;
    }
    const worker = new PodWorker(
      pod,
      this.#services,
      this.#allocations,
      (report) => this.#listener.status(uid, report),
      (event) => this.#listener.event(uid, event),
    );
    this.#workers.set(uid, worker);
    worker.poke();
  }

  /** What a probe of a pod's container says. */
  setProbe(uid: string, containerId: string, probes: ContainerProbes): void {
    this.#workers.get(uid)?.setProbe(containerId, probes);
  }

  /** What could not be started of a pod may be possible now: it is tried again at once. */
  retry(uid: string): void {
    this.#workers.get(uid)?.retry();
  }

  /** Ends a pod for a reason of the node's (eviction); it fails. */
  condemn(uid: string, verdict: Verdict): void {
    this.#workers.get(uid)?.condemn(verdict);
  }

  /** Forgets a pod that has ended, with all that is left of it. May be called again after it failed. */
  async forget(uid: string): Promise<void> {
    await this.#workers.get(uid)?.cleanUp();
    this.#services.cgroups?.untrack(uid);
    this.#workers.delete(uid);
  }

  /**
   * Ends and forgets the pods that the runtime has and that are neither given nor `wanted`: those deleted while nobody
   * looked. Returns when they are gone, or when this is
   * closed. `wanted`: uids of pods that will be given.
   */
  async endOthers(wanted: ReadonlySet<string>): Promise<void> {
    const others = (await leftPods(this.#services)).filter(({ metadata }) => {
      const uid = metadata?.uid ?? '';
      return !wanted.has(uid) && !this.#workers.has(uid);
    });
    await Promise.all(others.map((pod) => this.#end(pod)));
  }

  async #end(pod: k8s.Pod): Promise<void> {
    const uid = pod.metadata?.uid ?? '';
    const ended = new Promise<void>((resolve) => {
      const take = (report: PodReport): void => {
        if (report.ended) resolve();
      };
      this.#workers.set(uid, new PodWorker(pod, this.#services, this.#allocations, take, () => {}));
    });
    this.#workers.get(uid)?.poke();
    const closed = new Promise<void>((resolve) => {
      this.#stop.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([ended, closed]);
    if (!this.#stop.signal.aborted) await this.forget(uid);
  }

  /** Stops working; all containers run on. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#unlisten();
    await Promise.all([this.#watching, ...[...this.#workers.values()].map((worker) => worker.close())]);
  }

  #take(event: RuntimeEvent): void {
    // what a worker makes itself it looks at anyway
    if (event.kind === 'created' || event.kind === 'started' || event.kind === 'deleted') return;
    // of a pod that is another runner's, or nobody's, there is nothing to do
    if (event.kind !== 'resync' && event.podUid !== undefined) this.#workers.get(event.podUid)?.poke();
    else for (const worker of this.#workersOf(event)) worker.poke();
  }

  /** One that ended before its worker saw it, and is gone, may be anyone's. */
  #workersOf(event: RuntimeEvent): readonly PodWorker[] {
    const all = [...this.#workers.values()];
    const owner = event.kind === 'resync' ? undefined : all.find((worker) => worker.has(event.id));
    return owner ? [owner] : all;
  }
}
