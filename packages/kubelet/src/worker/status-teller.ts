import type { k8s } from '@sampan/api';
import type { Clock } from '@sampan/base';

export interface PodReport {
  readonly status: k8s.PodStatus;
  /** Nothing of the pod runs and nothing will. */
  readonly ended: boolean;
  /** It is to go: what has ended may be forgotten. Told also when nothing else has changed by it. */
  readonly deleted: boolean;
}

/** That a new generation was seen is told with what comes of it, or after this. */
const GENERATION_MS = 250;

/**
 * Tells the statuses of one pod, each once. A status that says no more than that a new generation was seen waits a
 * little: mostly another one follows at once, and whoever has just changed the pod may want to change it again.
 */
export class StatusTeller {
  readonly #clock: Clock;
  readonly #tell: (report: PodReport) => void;
  #report: PodReport | undefined;
  #told = '';
  #essence = '';
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, tell: (report: PodReport) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  publish(report: PodReport): void {
    this.#report = report;
    const isNews = essenceOf(report) !== this.#essence;
    if (isNews) this.#now();
    else if (JSON.stringify(report) !== this.#told) {
      this.#cancel ??= this.#clock.schedule(() => this.#now(), GENERATION_MS);
    }
  }

  /** What waits is not told any more. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #now(): void {
    this.close();
    if (!this.#report) return;
    this.#told = JSON.stringify(this.#report);
    this.#essence = essenceOf(this.#report);
    this.#tell(this.#report);
  }
}

function essenceOf(report: PodReport): string {
  return JSON.stringify(report, (key, value: unknown) => (key === 'observedGeneration' ? undefined : value));
}
