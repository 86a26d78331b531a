import { type k8s, LabelMatcher } from '@sampan/api';
import { compile } from './pod-terms.ts';

/** A topology spread constraint of a pod, compiled. */
export interface SpreadConstraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  /** DoNotSchedule. */
  readonly hard: boolean;
  readonly minDomains: number;
  readonly honorsAffinity: boolean;
  readonly honorsTaints: boolean;
  /** Counts pods of the same owner instead of those that match. */
  readonly owner: string | undefined;
  readonly selector: LabelMatcher;
}

/** Owners whose pods are spread although nobody asked for it (upstream's system default constraints). */
const SPREAD_OWNERS = new Set(['ReplicaSet', 'ReplicationController', 'StatefulSet']);

const DEFAULTS = [
  { topologyKey: 'kubernetes.io/hostname', maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5 },
];

export interface SpreadOf {
  readonly constraints: readonly SpreadConstraint[];
  /** Upstream's defaults: nodes without the labels are not left out. */
  readonly isDefault: boolean;
}

export function spreadOf(
  spec: k8s.PodSpec,
  labels: Readonly<Record<string, string>> | undefined,
  owner: { readonly kind: string; readonly uid: string } | undefined,
): SpreadOf {
  const given = spec.topologySpreadConstraints ?? [];
  if (given.length > 0)
    return { constraints: given.map((one) => constraintOf(one, labels)), isDefault: false };
  if (owner === undefined || !SPREAD_OWNERS.has(owner.kind)) return { constraints: [], isDefault: true };
  const constraints = DEFAULTS.map(({ topologyKey, maxSkew }) => ({
    topologyKey,
    maxSkew,
    hard: false,
    minDomains: 1,
    honorsAffinity: true,
    honorsTaints: false,
    owner: owner.uid,
    selector: compile(undefined),
  }));
  return { constraints, isDefault: true };
}

function constraintOf(
  constraint: k8s.TopologySpreadConstraint,
  labels: Readonly<Record<string, string>> | undefined,
): SpreadConstraint {
  const { topologyKey, maxSkew, whenUnsatisfiable, minDomains } = constraint;
  let selector = compile(constraint.labelSelector);
  const own = (constraint.matchLabelKeys ?? []).flatMap((key) => {
    const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
    return value === undefined ? [] : [{ key, operator: '=' as const, values: [value] }];
  });
  if (own.length > 0 && !selector.nothing) selector = new LabelMatcher([...selector.requirements, ...own]);
  return {
    topologyKey,
    maxSkew,
    hard: whenUnsatisfiable !== 'ScheduleAnyway',
    minDomains: minDomains ?? 1,
    honorsAffinity: constraint.nodeAffinityPolicy !== 'Ignore',
    honorsTaints: constraint.nodeTaintsPolicy === 'Honor',
    owner: undefined,
    selector,
  };
}
