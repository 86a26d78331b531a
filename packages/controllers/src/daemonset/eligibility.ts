import type { k8s } from '@sampan/api';
import type { DaemonSet, Node } from '../workloads/objects.ts';
import { matchesNode, tolerates } from './node-match.ts';
import { daemonTolerations } from './pod-template.ts';

export interface Eligibility {
  /** A pod is to be there. */
  readonly run: boolean;
  /** A pod that is there may stay. */
  readonly stay: boolean;
}

const NEVER: Eligibility = { run: false, stay: false };
const ALWAYS: Eligibility = { run: true, stay: true };

/** Answers by template and node: both come again unchanged with almost every change of a pod. */
const known = new WeakMap<k8s.PodTemplateSpec, WeakMap<Node, Eligibility>>();

/** Is a node one of the set's (NodeShouldRunDaemonPod)? Resources do not matter: that is the scheduler's. Pure. */
export function eligibility({ spec: { template } }: DaemonSet, node: Node): Eligibility {
  const ofTemplate = known.getOrInsertComputed(template, () => new WeakMap());
  return ofTemplate.getOrInsertComputed(node, () => decide(template.spec ?? {}, node));
}

function decide(spec: k8s.PodSpec, node: Node): Eligibility {
  if (spec.nodeName && spec.nodeName !== node.metadata.name) return NEVER;
  if (!matchesNode(spec, node)) return NEVER;
  const tolerations = daemonTolerations(spec);
  const borne = (effects: readonly string[]) =>
    (node.spec.taints ?? []).every(
      (taint) => !effects.includes(taint.effect) || tolerates(tolerations, taint),
    );
  if (borne(['NoExecute', 'NoSchedule'])) return ALWAYS;
  return { run: false, stay: borne(['NoExecute']) };
}
