import { setPodSpecDefaults } from '../core/pod/defaults.ts';
import type * as k8s from '../generated/types.ts';
import type { KindRules } from '../kinds/resource.ts';
import type { FieldError } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { validateImmutable } from '../validation/immutable.ts';
import { podNameWarnings, replicaTemplateErrors, selectorErrors, templateWarnings } from './pod-template.ts';
import { keepSpec, keepStatus, nonNegativeErrors, notAboveErrors } from './status.ts';

type Spec = Partial<k8s.ReplicaSetSpec>;
const specOf = (set: KubeObject): Spec => (set.spec ?? {}) as Spec;

function setDefaults(set: KubeObject): void {
  set.spec ??= {};
  const spec = specOf(set);
  spec.replicas ??= 1;
  if (spec.template?.spec) setPodSpecDefaults(spec.template.spec);
}

/** ValidateReplicaSetSpec; its messages say "deployment" upstream. */
function specErrors(set: KubeObject, old?: KubeObject): FieldError[] {
  const spec = specOf(set);
  const { errors, matcher } = selectorErrors(spec.selector, 'deployment', 'invalid label selector');
  return [
    ...nonNegativeErrors(spec as Record<string, number>, ['replicas', 'minReadySeconds'], 'spec'),
    ...errors,
    ...(matcher === undefined
      ? []
      : replicaTemplateErrors(spec.template, old && specOf(old).template, matcher)),
  ];
}

/** The counts of ReplicaSets and ReplicationControllers. */
export function replicaStatusErrors(set: KubeObject): FieldError[] {
  const parts = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'];
  return [
    ...nonNegativeErrors(
      set.status,
      ['replicas', ...parts, 'observedGeneration', 'terminatingReplicas'],
      'status',
    ),
    ...notAboveErrors(set.status, parts, 'replicas', 'cannot be greater than status.replicas'),
    ...notAboveErrors(
      set.status,
      ['availableReplicas'],
      'readyReplicas',
      'cannot be greater than readyReplicas',
    ),
  ];
}

export const replicaSetRules: KindRules = {
  setDefaults,
  prepareForCreate(set) {
    set.status = { replicas: 0 };
  },
  prepareForUpdate: keepStatus,
  validate: (set) => specErrors(set),
  // Upstream checks the spec twice, and reports it so.
  validateUpdate: (set, old) => {
    const errors = specErrors(set, old);
    const immutable = validateImmutable(specOf(set).selector, specOf(old).selector, 'spec.selector');
    return [...errors, ...errors, ...immutable];
  },
  warnings: (set, old) => [
    ...podNameWarnings(set, old),
    ...templateWarnings(set, old, specOf(set).template, 'spec.template'),
  ],
  status: { prepareForUpdate: keepSpec, validateUpdate: replicaStatusErrors },
  generation: true,
  selectableFields: { 'status.replicas': (set) => String(set.status?.replicas ?? 0) },
};
