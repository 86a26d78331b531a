import { setPodSpecDefaults } from '../core/pod/defaults.ts';
import type * as k8s from '../generated/types.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import { GoStruct } from '../meta/go-quote.ts';
import type { KubeObject } from '../meta/object.ts';
import { validateImmutable } from '../validation/immutable.ts';
import { intOrPercentErrors, intOrPercentValue, notMoreThan100PercentErrors } from './int-or-percent.ts';
import { podNameWarnings, replicaTemplateErrors, selectorErrors, templateWarnings } from './pod-template.ts';
import { collisionErrors, keepSpec, keepStatus, nonNegativeErrors, notAboveErrors } from './status.ts';

type Spec = Partial<k8s.DeploymentSpec>;
const specOf = (deployment: KubeObject): Spec => (deployment.spec ?? {}) as Spec;

/** SetDefaults_Deployment. */
function setDefaults(deployment: KubeObject): void {
  deployment.spec ??= {};
  const spec = specOf(deployment);
  spec.replicas ??= 1;
  spec.strategy ??= {};
  spec.strategy.type ||= 'RollingUpdate';
  if (spec.strategy.type === 'RollingUpdate') {
    spec.strategy.rollingUpdate ??= {};
    spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
    spec.strategy.rollingUpdate.maxSurge ??= '25%';
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  if (spec.template?.spec) setPodSpecDefaults(spec.template.spec);
}

function rollingUpdateErrors(update: k8s.RollingUpdateDeployment, field: string): FieldError[] {
  const unavailable = update.maxUnavailable ?? 0;
  const surge = update.maxSurge ?? 0;
  const errors = [
    ...intOrPercentErrors(unavailable, `${field}.maxUnavailable`),
    ...intOrPercentErrors(surge, `${field}.maxSurge`),
  ];
  if (intOrPercentValue(unavailable) === 0 && intOrPercentValue(surge) === 0) {
    errors.push(invalid(`${field}.maxUnavailable`, unavailable, 'may not be 0 when `maxSurge` is 0'));
  }
  return [...errors, ...notMoreThan100PercentErrors(unavailable, `${field}.maxUnavailable`)];
}

/** ValidateDeploymentStrategy. */
function strategyErrors(strategy: k8s.DeploymentStrategy): FieldError[] {
  const field = 'spec.strategy';
  const { type = '', rollingUpdate } = strategy;
  if (type === 'Recreate') {
    const detail = "may not be specified when strategy `type` is 'Recreate'";
    return rollingUpdate === undefined ? [] : [forbidden(`${field}.rollingUpdate`, detail)];
  }
  if (type !== 'RollingUpdate') {
    const shown = new GoStruct({ Type: type, RollingUpdate: rollingUpdate ?? null });
    return [notSupported(field, shown, ['Recreate', 'RollingUpdate'])];
  }
  if (rollingUpdate === undefined) {
    return [required(`${field}.rollingUpdate`, 'this should be defaulted and never be nil')];
  }
  return rollingUpdateErrors(rollingUpdate, `${field}.rollingUpdate`);
}

/** ValidateDeploymentSpec. */
function specErrors(deployment: KubeObject, old?: KubeObject): FieldError[] {
  const spec = specOf(deployment);
  const { errors, matcher } = selectorErrors(spec.selector, 'deployment', 'invalid label selector');
  const { progressDeadlineSeconds: deadline, minReadySeconds = 0 } = spec;
  const late =
    deadline !== undefined && deadline <= minReadySeconds
      ? [invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds')]
      : [];
  const counts = { ...spec } as Record<string, number>;
  return [
    ...nonNegativeErrors(counts, ['replicas'], 'spec'),
    ...errors,
    ...(matcher === undefined
      ? []
      : replicaTemplateErrors(spec.template, old && specOf(old).template, matcher)),
    ...strategyErrors(spec.strategy ?? {}),
    ...nonNegativeErrors(
      counts,
      ['minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds'],
      'spec',
    ),
    ...late,
  ];
}

const STATUS_COUNTS = [
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'terminatingReplicas',
  'collisionCount',
];

export const deploymentRules: KindRules = {
  setDefaults,
  prepareForCreate(deployment) {
    deployment.status = {};
  },
  prepareForUpdate: keepStatus,
  validate: (deployment) => specErrors(deployment),
  validateUpdate: (deployment, old) => [
    ...specErrors(deployment, old),
    ...validateImmutable(specOf(deployment).selector, specOf(old).selector, 'spec.selector'),
  ],
  warnings: (deployment, old) => [
    ...podNameWarnings(deployment, old),
    ...templateWarnings(deployment, old, specOf(deployment).template, 'spec.template'),
  ],
  status: {
    prepareForUpdate(deployment, old) {
      keepSpec(deployment, old);
      if (old.metadata.labels === undefined) delete deployment.metadata.labels;
      else deployment.metadata.labels = old.metadata.labels;
    },
    validateUpdate: (deployment, old) => [
      ...nonNegativeErrors(deployment.status, STATUS_COUNTS, 'status'),
      ...notAboveErrors(
        deployment.status,
        ['updatedReplicas', 'readyReplicas', 'availableReplicas'],
        'replicas',
        'cannot be greater than status.replicas',
      ),
      ...notAboveErrors(
        deployment.status,
        ['availableReplicas'],
        'readyReplicas',
        'cannot be greater than readyReplicas',
      ),
      ...collisionErrors(deployment, old),
    ],
  },
  generation: true,
  generationOfAnnotations: true,
};
