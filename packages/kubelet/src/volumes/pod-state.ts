import type { k8s } from '@sampan/api';
import type { ReadyVolume } from './context.ts';

/** What is known of one pod's volumes. Its tasks run one after another. */
export class PodState {
  pod: k8s.Pod;
  readonly ready = new Map<string, ReadyVolume>();
  /** Of the wait for the next refresh. */
  cancelTimer = (): void => {};
  /** How often in a row the volumes could not be refreshed. */
  failures = 0;
  refreshing = false;
  released = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(pod: k8s.Pod) {
    this.pod = pod;
  }

  run<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#last.then(task);
    // the next one does not care how this one ended
    this.#last = done.catch(() => {});
    return done;
  }

  /** When nothing is being done any more. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
