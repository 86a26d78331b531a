import type { KubeObject } from '@sampan/api';
import { deepClone, deepEqual } from '@sampan/base';
import type { Hook } from './webhook-list.ts';

/**
 * Which mutating webhooks are asked a second time: those with reinvocationPolicy IfNeeded that were asked before
 * something else changed the object. There is at most one more round (apiserver plugin/webhook/mutating
 * reinvocationcontext.go).
 */
export class Reinvocation {
  number = 0;
  /** Another round of all mutating plug-ins is wanted. */
  wanted = false;
  readonly #before = new Set<string>();
  readonly #again = new Set<string>();
  #last: KubeObject | undefined;

  begin(object: KubeObject | undefined, second: boolean): void {
    this.wanted = false;
    if (!second) return;
    this.number++;
    if (!deepEqual(this.#last, object)) this.#requireAgain();
  }

  includes({ id }: Hook): boolean {
    return this.number === 0 || this.#again.has(id);
  }

  called({ id, webhook }: Hook, changed: boolean): void {
    if (changed) {
      this.#requireAgain();
      this.wanted = this.number === 0;
    }
    if (webhook.reinvocationPolicy === 'IfNeeded') this.#before.add(id);
  }

  end(object: KubeObject | undefined): void {
    this.#last = object && deepClone(object);
  }

  #requireAgain(): void {
    for (const id of this.#before) this.#again.add(id);
    this.#before.clear();
  }
}
