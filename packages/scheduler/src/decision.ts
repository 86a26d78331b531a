import type { VolumePlan } from './pod-volumes.ts';
import type { Pod } from './types.ts';

/** What is to be done for one pod. */
export type Decision = BindDecision | FailDecision;

/**
 * Put the pod on the node: first what its volumes need, then the binding. The core counts the pod as being there
 * from now on; tell it by `unbound` when that fails.
 */
export interface BindDecision {
  readonly kind: 'bind';
  readonly pod: Pod;
  readonly node: string;
  readonly volumes: VolumePlan | undefined;
}

/** No node takes the pod: say so in its status. */
export interface FailDecision {
  readonly kind: 'fail';
  readonly pod: Pod;
  /** Upstream's text, for the condition and the event. */
  readonly message: string;
  /** The node that room is made on; '' when there is none (any more). */
  readonly nominatedNode: string;
  /** Pods that must leave that node; tell by `notPreempted` when they cannot be told. */
  readonly victims: readonly Pod[];
  /** Pods of lower priority that were to get room on that node: their nomination goes. */
  readonly displaced: readonly Pod[];
  /** A defect of the scheduler: the pod could not be judged at all. */
  readonly error?: unknown;
}
