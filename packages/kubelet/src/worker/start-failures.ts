import type { k8s } from '@sampan/api';
import { type Clock, messageOf } from '@sampan/base';
import type { PodAction, StartFailure } from '../pods/decision.ts';
import { StartError } from '../pods/start-error.ts';
import { POD_TIMING, type PodServices, type PodTiming } from './pod-services.ts';
import { imageOf } from './pod-teller.ts';

/** The kubelet looks again after this; until then, the failure itself is shown instead of the waiting for it. */
const SHOWN_MS = 10_000;

/** What could not be started of a pod, and when it is tried again. */
export class StartFailures {
  readonly timing: PodTiming;
  readonly #clock: Clock;
  readonly #current = new Map<string, StartFailure>();
  readonly #pullDelays = new Map<string, number>();
  #mountDelay = 0;

  constructor({ timing, clock }: Pick<PodServices, 'timing' | 'clock'>) {
    this.timing = { ...POD_TIMING, ...timing };
    this.#clock = clock;
  }

  /** By container name; the sandbox's under the empty name. */
  get current(): ReadonlyMap<string, StartFailure> {
    return this.#current;
  }

  succeeded(name: string): void {
    this.#current.delete(name);
    this.#pullDelays.delete(name);
    if (name === '') this.#mountDelay = 0;
  }

  /** What failed for want of something else may be tried again at once. */
  hurry(): void {
    const retryAt = this.#clock.now();
    for (const [name, failure] of this.#current) {
      if (failure.later === undefined) this.#current.set(name, { ...failure, retryAt });
    }
  }

  failed(name: string, action: PodAction, pod: k8s.Pod, error: unknown): void {
    const now = this.#clock.now();
    const reason = error instanceof StartError ? error.reason : 'RunContainerError';
    const message = messageOf(error);
    if (action.do === 'start-container' && reason === 'ErrImagePull') {
      this.#current.set(name, this.#pullFailure(name, imageOf(pod, name), message, now));
    } else {
      const delay = reason === 'FailedMount' ? this.#nextMountDelay() : this.timing.retryMs;
      this.#current.set(name, { reason, message, retryAt: now + delay });
    }
  }

  #nextMountDelay(): number {
    const { initialMs, maxMs } = this.timing.mount;
    this.#mountDelay = Math.min(maxMs, 2 * this.#mountDelay || initialMs);
    return this.#mountDelay;
  }

  #pullFailure(name: string, image: string, message: string, now: number): StartFailure {
    const { initialMs, maxMs } = this.timing.pull;
    const delay = Math.min(maxMs, 2 * (this.#pullDelays.get(name) ?? initialMs / 2));
    this.#pullDelays.set(name, delay);
    const later = {
      at: now + Math.min(SHOWN_MS, delay / 2),
      reason: 'ImagePullBackOff',
      message: `Back-off pulling image "${image}": ErrImagePull: ${message}`,
    };
    return { reason: 'ErrImagePull', message, retryAt: now + delay, later };
  }
}
