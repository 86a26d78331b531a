import { deepEqual } from '@sampan/base';
import type { KindRules } from '../kinds/resource.ts';
import type { KubeObject } from '../meta/object.ts';
import type { MutatingPolicy, PolicyBinding, ValidatingPolicy } from './policy-types.ts';
import {
  mutatingBindingErrors,
  mutatingPolicyErrors,
  policyBindingErrors,
  policyErrors,
} from './policy-validation.ts';

const GROUP = 'admissionregistration.k8s.io';

const asPolicy = (object: KubeObject): ValidatingPolicy => object as ValidatingPolicy;
const asBinding = (object: KubeObject): PolicyBinding => object as PolicyBinding;

function defaultMatch(match: KubeObject['spec']): void {
  if (match === undefined) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])])
    rule.scope ??= '*';
}

/** Policies that validate (KEP-3488) and mutate (KEP-3962), and their bindings. Source: pkg/apis/admissionregistration/v1/defaults.go. */
export const policyRules: Readonly<Record<string, KindRules>> = {
  [`${GROUP}/ValidatingAdmissionPolicy`]: {
    generation: true,
    unconditionalUpdate: false,
    setDefaults(object) {
      object.spec ??= {};
      object.spec.failurePolicy ??= 'Fail';
      defaultMatch(object.spec.matchConstraints);
    },
    // a policy is looked at when it is written: no controller has to say so later
    prepareForCreate(object) {
      object.status = { observedGeneration: 1, typeChecking: {} };
    },
    prepareForUpdate(object, old) {
      object.status = { ...old.status };
      if (!deepEqual(object.spec, old.spec))
        object.status.observedGeneration = (old.metadata.generation ?? 0) + 1;
    },
    validate: (object) => policyErrors(asPolicy(object)),
  },
  [`${GROUP}/MutatingAdmissionPolicy`]: {
    generation: true,
    unconditionalUpdate: false,
    setDefaults(object) {
      object.spec ??= {};
      object.spec.failurePolicy ??= 'Fail';
      defaultMatch(object.spec.matchConstraints);
    },
    validate: (object) => mutatingPolicyErrors(object as MutatingPolicy),
  },
  [`${GROUP}/MutatingAdmissionPolicyBinding`]: {
    generation: true,
    unconditionalUpdate: false,
    setDefaults(object) {
      object.spec ??= {};
      defaultMatch(object.spec.matchResources);
    },
    validate: (object) => mutatingBindingErrors(asBinding(object)),
  },
  [`${GROUP}/ValidatingAdmissionPolicyBinding`]: {
    generation: true,
    unconditionalUpdate: false,
    setDefaults(object) {
      object.spec ??= {};
      defaultMatch(object.spec.matchResources);
    },
    validate: (object) => policyBindingErrors(asBinding(object)),
  },
};
