import {
  alwaysRestartErrors,
  podNameWarnings,
  SELECTOR_MISMATCH,
  templateWarnings,
} from '../apps/pod-template.ts';
import { replicaStatusErrors } from '../apps/replicaset.ts';
import { keepSpec, keepStatus, nonNegativeErrors } from '../apps/status.ts';
import type * as k8s from '../generated/types.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, invalid, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { matcherOfLabels } from '../validation/label-selector.ts';
import { setPodSpecDefaults } from './pod/defaults.ts';
import { validatePodTemplate } from './pod/template.ts';

type Spec = k8s.ReplicationControllerSpec;
const specOf = (controller: KubeObject): Spec => (controller.spec ?? {}) as Spec;

/** SetDefaults_ReplicationController: selector and labels follow from the template. */
function setDefaults(controller: KubeObject): void {
  controller.spec ??= {};
  const spec = specOf(controller);
  const labels = spec.template?.metadata?.labels;
  if (labels) {
    if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
    if (Object.keys(controller.metadata.labels ?? {}).length === 0)
      controller.metadata.labels = { ...labels };
  }
  spec.replicas ??= 1;
  if (spec.template?.spec) setPodSpecDefaults(spec.template.spec);
}

/** ValidateReplicationControllerSpec. */
function specErrors(controller: KubeObject, old?: KubeObject): FieldError[] {
  const { selector, template, ...counts } = specOf(controller);
  const matcher = matcherOfLabels(selector);
  return [
    ...nonNegativeErrors(counts as Record<string, number>, ['minReadySeconds'], 'spec'),
    ...(matcher.empty ? [required('spec.selector')] : []),
    ...nonNegativeErrors(counts as Record<string, number>, ['replicas'], 'spec'),
    ...(template ? templateErrors() : [required('spec.template')]),
  ];

  function templateErrors(): FieldError[] {
    const labels = template?.metadata?.labels;
    const mismatch = matcher.empty || matcher.matches(labels);
    return [
      ...(mismatch ? [] : [invalid('spec.template.metadata.labels', labels, SELECTOR_MISMATCH)]),
      ...validatePodTemplate(template ?? {}, 'spec.template', old && specOf(old).template),
      ...alwaysRestartErrors(template?.spec, 'ReplicationController', 'spec.template'),
    ];
  }
}

export const replicationControllerRules: KindRules = {
  setDefaults,
  prepareForCreate(controller) {
    controller.status = { replicas: 0 };
  },
  prepareForUpdate: keepStatus,
  validate: (controller) => specErrors(controller),
  // Upstream checks the spec twice, and reports it so.
  validateUpdate: (controller, old) => {
    const errors = specErrors(controller, old);
    return [...errors, ...errors];
  },
  warnings: (controller, old) => [
    ...podNameWarnings(controller, old),
    ...templateWarnings(controller, old, specOf(controller).template, 'spec.template'),
  ],
  status: { prepareForUpdate: keepSpec, validateUpdate: replicaStatusErrors },
  generation: true,
  selectableFields: { 'status.replicas': (controller) => String(controller.status?.replicas ?? 0) },
  defaultPropagation: 'Orphan',
};
