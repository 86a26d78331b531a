import { setPodSpecDefaults } from '../core/pod/defaults.ts';
import { validatePodTemplate } from '../core/pod/template.ts';
import type * as k8s from '../generated/types.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, invalid, notSupported, required } from '../meta/field-error.ts';
import { GoStruct } from '../meta/go-quote.ts';
import type { KubeObject } from '../meta/object.ts';
import { semanticEqual, validateImmutable } from '../validation/immutable.ts';
import { compileLabelSelector, validateLabelSelector } from '../validation/label-selector.ts';
import { intOrPercentErrors, intOrPercentValue, notMoreThan100PercentErrors } from './int-or-percent.ts';
import { alwaysRestartErrors, SELECTOR_MISMATCH, templateWarnings } from './pod-template.ts';
import { collisionErrors, keepSpec, keepStatus, nonNegativeErrors } from './status.ts';

type Spec = Partial<k8s.DaemonSetSpec>;
const specOf = (set: KubeObject): Spec => (set.spec ?? {}) as Spec;

/** Counts changes of the template; a field once, now an annotation that the server owns. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

function templateGeneration(set: KubeObject): number {
  const text = set.metadata.annotations?.[TEMPLATE_GENERATION] ?? '';
  return /^-?\d{1,15}$/.test(text) ? Number(text) : 0;
}

function setTemplateGeneration(set: KubeObject, generation: number): void {
  set.metadata.annotations = { ...set.metadata.annotations, [TEMPLATE_GENERATION]: String(generation) };
}

function setDefaults(set: KubeObject): void {
  // whoever writes a DaemonSet owns the annotation, as upstream's conversion of versions has it
  setTemplateGeneration(set, templateGeneration(set));
  set.spec ??= {};
  const spec = specOf(set);
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= 'RollingUpdate';
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  if (spec.template?.spec) setPodSpecDefaults(spec.template.spec);
}

/** ValidateRollingUpdateDaemonSet: exactly one of the two is not zero. */
function rollingUpdateErrors(update: k8s.RollingUpdateDaemonSet, field: string): FieldError[] {
  const unavailable = update.maxUnavailable ?? 0;
  const surge = update.maxSurge ?? 0;
  const errors = [
    ...intOrPercentErrors(unavailable, `${field}.maxUnavailable`),
    ...intOrPercentErrors(surge, `${field}.maxSurge`),
    ...notMoreThan100PercentErrors(unavailable, `${field}.maxUnavailable`),
    ...notMoreThan100PercentErrors(surge, `${field}.maxSurge`),
  ];
  const hasUnavailable = intOrPercentValue(unavailable) !== 0;
  const hasSurge = intOrPercentValue(surge) !== 0;
  if (hasUnavailable && hasSurge) {
    errors.push(invalid(`${field}.maxSurge`, surge, 'may not be set when maxUnavailable is non-zero'));
  }
  if (!hasUnavailable && !hasSurge) {
    errors.push(required(`${field}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
  }
  return errors;
}

function strategyErrors(strategy: k8s.DaemonSetUpdateStrategy): FieldError[] {
  const field = 'spec.updateStrategy';
  const { type = '', rollingUpdate } = strategy;
  if (type === 'OnDelete') return [];
  if (type !== 'RollingUpdate') {
    const shown = new GoStruct({ Type: type, RollingUpdate: rollingUpdate ?? null });
    return [notSupported(field, shown, ['RollingUpdate', 'OnDelete'])];
  }
  if (rollingUpdate === undefined) return [required(`${field}.rollingUpdate`)];
  return rollingUpdateErrors(rollingUpdate, `${field}.rollingUpdate`);
}

function matches(spec: Spec): boolean {
  try {
    return compileLabelSelector(spec.selector).matches(spec.template?.metadata?.labels);
  } catch {
    // A selector that does not compile has errors of its own.
    return true;
  }
}

/** ValidateDaemonSetSpec. */
function specErrors(set: KubeObject, old?: KubeObject): FieldError[] {
  const spec = specOf(set);
  const { selector, template } = spec;
  const errors = validateLabelSelector(selector, 'spec.selector');
  if (!matches(spec)) {
    errors.push(invalid('spec.template.metadata.labels', template?.metadata?.labels, SELECTOR_MISMATCH));
  }
  const size = Object.keys(selector?.matchLabels ?? {}).length + (selector?.matchExpressions?.length ?? 0);
  if (selector && size === 0) {
    errors.push(invalid('spec.selector', selector, 'empty selector is invalid for daemonset'));
  }
  const counts = spec as Record<string, number>;
  return [
    ...errors,
    ...validatePodTemplate(template ?? {}, 'spec.template', old && specOf(old).template),
    ...alwaysRestartErrors(template?.spec, 'DaemonSet', 'spec.template'),
    ...nonNegativeErrors(counts, ['minReadySeconds'], 'spec'),
    ...strategyErrors(spec.updateStrategy ?? {}),
    ...nonNegativeErrors(counts, ['revisionHistoryLimit'], 'spec'),
  ];
}

const STATUS_COUNTS = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
];

export const daemonSetRules: KindRules = {
  setDefaults,
  prepareForCreate(set) {
    set.status = {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    };
    setTemplateGeneration(set, Math.max(1, templateGeneration(set)));
  },
  prepareForUpdate(set, old) {
    keepStatus(set, old);
    const changed = !semanticEqual(specOf(set).template, specOf(old).template);
    setTemplateGeneration(set, templateGeneration(old) + (changed ? 1 : 0));
  },
  validate: (set) => specErrors(set),
  // Upstream checks the spec twice, and reports it so.
  validateUpdate: (set, old) => {
    const errors = specErrors(set, old);
    const immutable = validateImmutable(specOf(set).selector, specOf(old).selector, 'spec.selector');
    return [...errors, ...errors, ...immutable];
  },
  warnings: (set, old) => templateWarnings(set, old, specOf(set).template, 'spec.template'),
  status: {
    prepareForUpdate: keepSpec,
    validateUpdate: (set, old) => [
      ...nonNegativeErrors(set.status, STATUS_COUNTS, 'status'),
      ...collisionErrors(set, old),
    ],
  },
  generation: true,
};
