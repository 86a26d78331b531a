import type { Decision, FailDecision } from '../src/decision.ts';
import { SchedulerCore } from '../src/scheduler-core.ts';
import type { Node, Pod } from '../src/types.ts';
import { placedOn } from './objects.ts';

/** A core with a clock that a test moves, whose decisions are carried out at once. */
export class Harness {
  now = Date.UTC(2026, 0, 1);
  readonly core = new SchedulerCore({ now: () => this.now });
  readonly placed = new Map<string, Pod>();
  readonly failed = new Map<string, FailDecision>();

  constructor(...nodes: Node[]) {
    for (const node of nodes) this.core.putNode(node);
  }

  /** Adds pods that wait; returns this. */
  add(...pods: Pod[]): this {
    for (const pod of pods) this.core.putPod(pod);
    return this;
  }

  /** Adds a pod that is on a node already. */
  place(pod: Pod, node: string): this {
    const there = placedOn(pod, node);
    this.placed.set(there.metadata.name ?? '', there);
    this.core.putPod(there);
    return this;
  }

  remove(name: string): void {
    const pod = this.placed.get(name);
    this.placed.delete(name);
    if (pod) this.core.removePod(pod);
  }

  /** Carries out all that there is to do now. */
  run(onDecision: (decision: Decision) => void = () => {}): this {
    this.core.wake();
    for (;;) {
      const decision = this.core.next();
      if (decision === undefined) return this;
      onDecision(decision);
      const name = decision.pod.metadata.name ?? '';
      if (decision.kind === 'fail') {
        if (decision.error !== undefined) throw decision.error;
        this.failed.set(name, decision);
        continue;
      }
      this.failed.delete(name);
      this.place(decision.pod, decision.node);
    }
  }

  /** Lets pauses end until no more pod gets a node, but not the time after which everything is tried again. */
  settle(onDecision: (decision: Decision) => void = () => {}): this {
    for (let bound = true; bound; ) {
      bound = false;
      this.now += 11_000;
      this.run((decision) => {
        onDecision(decision);
        if (decision.kind === 'bind') bound = true;
      });
    }
    return this;
  }

  nodeOf(name: string): string | undefined {
    return this.placed.get(name)?.spec?.nodeName;
  }

  /** Why a pod has no node. */
  whyNot(name: string): string | undefined {
    return this.failed.get(name)?.message;
  }
}
