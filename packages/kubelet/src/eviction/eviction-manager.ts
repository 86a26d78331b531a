import type { k8s } from '@sampan/api';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import type { Verdict } from '../pods/decision.ts';
import type { Misfit } from '../policy/index.ts';
import { readMachineUsage } from '../stats/machine-usage.ts';
import type { PodExtras } from '../stats/make-summary.ts';
import type { Stats } from '../stats/stats.ts';
import { evictionMessage } from './eviction-message.ts';
import { hasLocalLimits, localExcess } from './local-limits.ts';
import { containerUses, podUses } from './pod-uses.ts';
import { pressureMisfit } from './pressure-admission.ts';
import { isCriticalPod, rankPods } from './rank-pods.ts';
import { type Observations, observe, type PressureCondition, SIGNALS } from './signals.ts';
import {
  DEFAULT_THRESHOLDS,
  judgePressure,
  NO_PRESSURE_SEEN,
  type PressureState,
  type Threshold,
} from './thresholds.ts';

export interface EvictionConfig {
  readonly thresholds: readonly Threshold[];
  /** Between looks, in milliseconds. */
  readonly intervalMs: number;
  /** How long a condition outlasts its cause, in milliseconds. */
  readonly transitionMs: number;
  /** So long, in milliseconds, an evicted pod is waited for before another one is evicted. */
  readonly cleanupMs: number;
}

/** The kubelet's. */
export const EVICTION_DEFAULTS: EvictionConfig = {
  thresholds: DEFAULT_THRESHOLDS,
  intervalMs: 10_000,
  transitionMs: 300_000,
  cleanupMs: 30_000,
};

export interface EvictionOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly stats: Stats;
  /** The pods of the node with their statuses. */
  readonly pods: () => readonly k8s.Pod[];
  /** Ends a pod, which fails. */
  readonly evict: (uid: string, verdict: Verdict) => void;
  /** Of the pod, or of the node (absent). */
  readonly event: (pod: k8s.Pod | undefined, reason: string, message: string) => void;
  /** Frees disk that nobody needs: unused images. */
  readonly reclaimDisk: () => Promise<void>;
  /** Whether others have pods that go before any of these. Default: nobody has. */
  readonly yields?: () => boolean;
  /** Told when the conditions of the node change. Must not throw. */
  readonly changed?: (conditions: readonly PressureCondition[]) => void;
  readonly config?: Partial<EvictionConfig>;
}

/** Pods are given this long to end, in seconds (immediateEvictionGracePeriodSeconds). */
const GRACE_SECONDS = 1;
const REASON = 'Evicted';

/**
 * Evicts pods when the machine runs short of memory, disk or processes, and those that have more on disk than they may
 * (kubelet eviction manager). Between looks it does nothing; a look at a machine that is short of nothing reads six
 * small files, and measures only pods whose disk space is limited.
 */
export class EvictionManager {
  readonly #options: EvictionOptions;
  readonly #config: EvictionConfig;
  #state: PressureState = NO_PRESSURE_SEEN;
  #conditions: readonly PressureCondition[] = [];
  /** Evicted, and perhaps not ended yet: until when they are waited for. */
  readonly #leaving = new Map<string, number>();
  #cancel = (): void => {};
  #looking: Promise<void> | undefined;
  #stopped = false;

  constructor(options: EvictionOptions) {
    this.#options = options;
    this.#config = { ...EVICTION_DEFAULTS, ...options.config };
  }

  start(): void {
    this.#schedule();
  }

  /** Returns when it does nothing any more. May be called twice. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#looking;
  }

  /** What the node is short of, as its status tells it. */
  get pressure(): { readonly memory: boolean; readonly disk: boolean; readonly pids: boolean } {
    const has = (name: PressureCondition) => this.#conditions.includes(name);
    return { memory: has('MemoryPressure'), disk: has('DiskPressure'), pids: has('PIDPressure') };
  }

  /** Whether there is a pod that could be evicted, or one is on its way out. */
  get hasVictims(): boolean {
    return this.#waits() || this.#active().some((pod) => !isCriticalPod(pod));
  }

  /** Why a new pod cannot be taken now; undefined: it can. */
  admit(pod: k8s.Pod): Misfit | undefined {
    return pressureMisfit(pod, this.#conditions);
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#cancel = this.#options.clock.schedule(() => {
      this.#looking = this.#look()
        .catch((error: unknown) => {
          this.#options.log.warn('what the machine has left cannot be read', { error: messageOf(error) });
        })
        .finally(() => this.#schedule());
    }, this.#config.intervalMs);
  }

  async #look(): Promise<void> {
    const { clock } = this.#options;
    const { observations, shared } = await this.#observe();
    const { thresholds, transitionMs } = this.#config;
    const judged = judgePressure(thresholds, observations, this.#state, clock.now(), transitionMs);
    this.#state = judged.state;
    this.#tell(judged.conditions);
    if (await this.#evictExcess(shared)) return;
    const [worst] = judged.starved;
    if (worst && !this.#waits()) await this.#relieve(worst, observations);
  }

  async #observe(): Promise<{ observations: Observations; shared: boolean }> {
    const { clock, stats } = this.#options;
    const [machine, { disk, imageDisk, shared }] = await Promise.all([
      readMachineUsage(clock.now()),
      stats.disks(),
    ]);
    return { observations: observe(machine, disk, imageDisk), shared };
  }

  #tell(conditions: readonly PressureCondition[]): void {
    const before = this.#conditions;
    this.#conditions = conditions;
    const same =
      before.length === conditions.length && conditions.every((condition) => before.includes(condition));
    if (same) return;
    this.#options.log.warn('the machine is short of', { conditions });
    this.#options.changed?.(conditions);
  }

  /** All pods that have more on disk than they may; whether there was any. */
  async #evictExcess(shared: boolean): Promise<boolean> {
    const pods = this.#active().filter(hasLocalLimits);
    if (pods.length === 0) return false;
    const extras = await this.#options.stats.podDisks(pods);
    let any = false;
    for (const pod of pods) {
      const own = extras.get(pod.metadata?.uid ?? '');
      const message = own && localExcess(pod, own, shared);
      if (message !== undefined && this.#evict(pod, { message })) any = true;
    }
    return any;
  }

  /** Frees what nobody needs; then one pod goes, if it must. */
  async #relieve(threshold: Threshold, before: Observations): Promise<void> {
    const { reclaimDisk, event } = this.#options;
    const { condition, resource } = SIGNALS[threshold.signal];
    event(undefined, 'EvictionThresholdMet', `Attempting to reclaim ${resource}`);
    let observations = before;
    if (condition === 'DiskPressure') {
      await reclaimDisk();
      ({ observations } = await this.#observe());
      const now = this.#options.clock.now();
      const { starved } = judgePressure([threshold], observations, NO_PRESSURE_SEEN, now, 0);
      // one with a grace was met long enough before
      if (starved.length === 0 && (threshold.graceMs ?? 0) === 0) return;
    }
    if (this.#options.yields?.()) return;
    const pods = this.#active();
    const [sample, extras] = await Promise.all([
      this.#options.stats.usage(),
      condition === 'DiskPressure' ? this.#options.stats.podDisks(pods) : new Map<string, PodExtras>(),
    ]);
    for (const pod of rankPods(pods, podUses(sample, extras), resource)) {
      const message = evictionMessage(threshold, observations, pod, containerUses(pod, sample, extras));
      if (this.#evict(pod, { message, disruption: true }, threshold.podGraceSeconds)) return;
    }
    this.#options.log.warn('there is no pod that could be evicted', { resource });
  }

  #evict(pod: k8s.Pod, why: Pick<Verdict, 'message' | 'disruption'>, graceSeconds = GRACE_SECONDS): boolean {
    if (isCriticalPod(pod)) return false;
    const { clock, evict, event } = this.#options;
    const uid = pod.metadata?.uid ?? '';
    this.#leaving.set(uid, clock.monotonic() + this.#config.cleanupMs);
    event(pod, REASON, why.message);
    evict(uid, { ...why, reason: REASON, graceSeconds });
    return true;
  }

  /** Pods that run and are not on their way out by this. */
  #active(): k8s.Pod[] {
    return this.#options.pods().filter(({ metadata, status }) => {
      const isOver = status?.phase === 'Failed' || status?.phase === 'Succeeded';
      return !isOver && !this.#leaving.has(metadata?.uid ?? '');
    });
  }

  /** Whether what an evicted pod had may still be there; forgets those that are over. */
  #waits(): boolean {
    const now = this.#options.clock.monotonic();
    const left = new Map(this.#options.pods().map((pod) => [pod.metadata?.uid ?? '', pod]));
    let waits = false;
    for (const [uid, until] of this.#leaving) {
      const pod = left.get(uid);
      if (!pod || !isRunning(pod)) this.#leaving.delete(uid);
      else if (now < until) waits = true;
    }
    return waits;
  }
}

function isRunning({ status }: k8s.Pod): boolean {
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return statuses.some(({ state }) => state?.running);
}
