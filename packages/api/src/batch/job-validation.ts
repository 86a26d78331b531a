import { deepClone } from '@sampan/base';
import { SELECTOR_MISMATCH } from '../apps/pod-template.ts';
import { nonNegativeErrors } from '../apps/status.ts';
import { validatePodTemplate } from '../core/pod/template.ts';
import type * as k8s from '../generated/types.ts';
import { type FieldError, invalid, notSupported, required, tooLong } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { append } from '../validation/append.ts';
import { isDNS1123Label } from '../validation/dns.ts';
import { isDomainPrefixedPath } from '../validation/formats.ts';
import { semanticEqual, validateImmutable } from '../validation/immutable.ts';
import {
  compileLabelSelector,
  hasInvalidLabelValue,
  validateLabelSelector,
} from '../validation/label-selector.ts';
import { byteLength } from '../validation/messages.ts';
import { podFailurePolicyErrors, successPolicyErrors } from './job-policies.ts';
import {
  CONTROLLER_UID,
  isConditionTrue,
  isIndexed,
  JOB_NAME,
  type JobSpec,
  jobSpecOf,
  jobStatusOf,
  LEGACY_CONTROLLER_UID,
  LEGACY_JOB_NAME,
} from './job-types.ts';

/** Parallelism and failed indexes are bounded so that the status stays small. */
const MAX_PARALLELISM = 100_000;
const MAX_FAILED_INDEXES = 100_000;
const MANY_COMPLETIONS = 100_000;
const MAX_PARALLELISM_OF_MANY = 10_000;
const MAX_FAILED_OF_MANY = 10_000;
const MAX_MANAGED_BY = 63;
const COUNTS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
];

/** ValidateJob. */
export function validateJob(job: KubeObject, old?: KubeObject): FieldError[] {
  const spec = jobSpecOf(job);
  const errors = [...generatedSelectorErrors(job, old), ...jobSpecErrors(spec, old && jobSpecOf(old))];
  const { completions = 0 } = spec;
  if (!isIndexed(spec) || completions <= 0) return errors;
  // Pods of indexed jobs have host names with their index.
  const name = job.metadata.name ?? '';
  const last = `${name}-${completions - 1}`;
  if (isDNS1123Label(last).length > 0) {
    errors.push(
      invalid('metadata.name', name, `will not able to create pod with invalid DNS label: ${last}`),
    );
  }
  return errors;
}

/** ValidateHasLabel. */
function labelErrors(template: k8s.PodTemplateSpec | undefined, key: string, value: string): FieldError[] {
  const labels = template?.metadata?.labels ?? {};
  const field = `spec.template.metadata.labels[${key}]`;
  if (!Object.hasOwn(labels, key)) return [required(field, `must be '${value}'`)];
  return labels[key] === value ? [] : [invalid(field, labels, `must be '${value}'`)];
}

/** validateGeneratedSelector. */
function generatedSelectorErrors(job: KubeObject, old: KubeObject | undefined): FieldError[] {
  const spec = jobSpecOf(job);
  if (spec.manualSelector === true || spec.selector === undefined) return [];
  const { name = '', uid = '' } = job.metadata;
  const errors = uid === '' ? [required('metadata.uid')] : [];
  const expected: Record<string, string> = { [LEGACY_CONTROLLER_UID]: uid, [LEGACY_JOB_NAME]: name };
  const oldLabels = old && (jobSpecOf(old).template?.metadata?.labels ?? {});
  if (
    oldLabels === undefined ||
    (Object.hasOwn(oldLabels, JOB_NAME) && Object.hasOwn(oldLabels, CONTROLLER_UID))
  ) {
    expected[CONTROLLER_UID] = uid;
    expected[JOB_NAME] = name;
  }
  for (const [key, value] of Object.entries(expected)) append(errors, labelErrors(spec.template, key, value));
  if (!selects(spec, expected))
    errors.push(invalid('spec.selector', spec.selector, '`selector` not auto-generated'));
  return errors;
}

/** Selectors that do not compile have errors of their own. */
function selects(spec: JobSpec, labels: Record<string, string> | undefined): boolean {
  try {
    return compileLabelSelector(spec.selector).matches(labels);
  } catch {
    return true;
  }
}

/** ValidateJobSpec. */
function jobSpecErrors(spec: JobSpec, old: JobSpec | undefined): FieldError[] {
  const errors = commonJobSpecErrors(spec, 'spec', old);
  if (spec.selector === undefined) errors.push(required('spec.selector'));
  else {
    const allowInvalidLabelValueInSelector = hasInvalidLabelValue(old?.selector);
    append(
      errors,
      validateLabelSelector(spec.selector, 'spec.selector', { allowInvalidLabelValueInSelector }),
    );
  }
  const labels = spec.template?.metadata?.labels;
  if (!selects(spec, labels))
    errors.push(invalid('spec.template.metadata.labels', labels, SELECTOR_MISMATCH));
  return errors;
}

/** What holds for jobs and for the templates of CronJobs (validateJobSpec). */
export function commonJobSpecErrors(spec: JobSpec, path: string, old?: JobSpec): FieldError[] {
  const errors = nonNegativeErrors(spec as Record<string, number>, COUNTS, path);
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  }
  if (spec.managedBy !== undefined) {
    append(errors, isDomainPrefixedPath(`${path}.managedBy`, spec.managedBy));
    if (byteLength(spec.managedBy) > MAX_MANAGED_BY)
      errors.push(tooLong(`${path}.managedBy`, MAX_MANAGED_BY));
  }
  append(errors, completionModeErrors(spec, path));
  if (spec.podFailurePolicy !== undefined) {
    append(errors, podFailurePolicyErrors(spec, spec.podFailurePolicy, `${path}.podFailurePolicy`));
  }
  if (spec.successPolicy !== undefined) {
    const field = `${path}.successPolicy`;
    if (isIndexed(spec)) append(errors, successPolicyErrors(spec, spec.successPolicy, field));
    else errors.push(invalid(field, spec.successPolicy, 'requires indexed completion mode'));
  }
  append(errors, replacementPolicyErrors(spec, `${path}.podReplacementPolicy`));
  append(errors, validatePodTemplate(spec.template ?? {}, `${path}.template`, old?.template));
  return [...errors, ...restartPolicyErrors(spec, `${path}.template.spec.restartPolicy`)];
}

function completionModeErrors(spec: JobSpec, path: string): FieldError[] {
  const mode = spec.completionMode;
  if (mode === 'Indexed') return indexedErrors(spec, path);
  const errors: FieldError[] = [];
  if (mode !== undefined && mode !== 'NonIndexed') {
    return [notSupported(`${path}.completionMode`, mode, ['NonIndexed', 'Indexed'])];
  }
  for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
    const value = spec[field];
    if (value !== undefined)
      errors.push(invalid(`${path}.${field}`, value, 'requires indexed completion mode'));
  }
  return errors;
}

function indexedErrors(spec: JobSpec, path: string): FieldError[] {
  const { completions, parallelism = 0, maxFailedIndexes: failed, backoffLimitPerIndex } = spec;
  const errors: FieldError[] = [];
  if (completions === undefined)
    errors.push(required(`${path}.completions`, 'when completion mode is Indexed'));
  if (parallelism > MAX_PARALLELISM) {
    const detail = `must be less than or equal to ${MAX_PARALLELISM} when completion mode is Indexed`;
    errors.push(invalid(`${path}.parallelism`, parallelism, detail));
  }
  if (failed !== undefined && completions !== undefined && failed > completions) {
    errors.push(invalid(`${path}.maxFailedIndexes`, failed, 'must be less than or equal to completions'));
  }
  if (failed !== undefined && failed > MAX_FAILED_INDEXES) {
    errors.push(
      invalid(`${path}.maxFailedIndexes`, failed, `must be less than or equal to ${MAX_FAILED_INDEXES}`),
    );
  }
  if (completions === undefined || completions <= MANY_COMPLETIONS || backoffLimitPerIndex === undefined)
    return errors;
  const when = `when completions are above ${MANY_COMPLETIONS} and used with backoff limit per index`;
  if (failed === undefined) {
    const detail = `must be specified when completions is above ${MANY_COMPLETIONS}`;
    errors.push(required(`${path}.maxFailedIndexes`, detail));
  }
  if (parallelism > MAX_PARALLELISM_OF_MANY) {
    const detail = `must be less than or equal to ${MAX_PARALLELISM_OF_MANY} ${when}`;
    errors.push(invalid(`${path}.parallelism`, parallelism, detail));
  }
  if (failed !== undefined && failed > MAX_FAILED_OF_MANY) {
    const detail = `must be less than or equal to ${MAX_FAILED_OF_MANY} ${when}`;
    errors.push(invalid(`${path}.maxFailedIndexes`, failed, detail));
  }
  return errors;
}

/** validatePodReplacementPolicy. */
function replacementPolicyErrors(spec: JobSpec, field: string): FieldError[] {
  const policy = spec.podReplacementPolicy;
  if (policy === undefined) return [];
  const supported = spec.podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed'];
  return supported.includes(policy) ? [] : [notSupported(field, policy, supported)];
}

function restartPolicyErrors(spec: JobSpec, field: string): FieldError[] {
  const policy = spec.template?.spec?.restartPolicy ?? '';
  if (policy === '' || policy === 'Always') return [required(field, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never')
    return [notSupported(field, policy, ['OnFailure', 'Never'])];
  if (spec.podFailurePolicy === undefined || policy === 'Never') return [];
  return [invalid(field, policy, 'only "Never" is supported when podFailurePolicy is specified')];
}

const IMMUTABLE = [
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
] as const;

/** ValidateJobUpdate, less ValidateJob, which upstream's strategy calls before it. */
export function validateJobUpdate(job: KubeObject, old: KubeObject): FieldError[] {
  const spec = jobSpecOf(job);
  const oldSpec = jobSpecOf(old);
  return [
    ...jobSpecErrors(spec, oldSpec),
    ...completionsErrors(spec, oldSpec),
    ...validateImmutable(spec.selector, oldSpec.selector, 'spec.selector'),
    ...templateErrors(spec, old),
    ...IMMUTABLE.flatMap((field) => validateImmutable(spec[field], oldSpec[field], `spec.${field}`)),
  ];
}

/** Indexed jobs grow and shrink with their parallelism (KEP-3715); others have a fixed size. */
function completionsErrors(spec: JobSpec, old: JobSpec): FieldError[] {
  const { completions } = spec;
  if (!isIndexed(spec)) return validateImmutable(completions, old.completions, 'spec.completions');
  if (completions === old.completions || completions === undefined || completions === spec.parallelism)
    return [];
  return [invalid('spec.completions', completions, 'can only be modified in tandem with spec.parallelism')];
}

/** While a job is suspended and has no pods, where they go and what they get may change (KEP-2926, KEP-5440). */
function templateErrors(spec: JobSpec, old: KubeObject): FieldError[] {
  const oldSpec = jobSpecOf(old);
  if (semanticEqual(spec.template, oldSpec.template)) return [];
  const status = jobStatusOf(old);
  const idle = status.startTime === undefined || isConditionTrue(status, 'Suspended');
  const mutable = oldSpec.suspend === true && idle;
  const expected = mutable
    ? withMutableFields(oldSpec.template ?? {}, spec.template ?? {})
    : oldSpec.template;
  return validateImmutable(spec.template, expected, 'spec.template');
}

/** The old template with what may change taken from the new one. */
function withMutableFields(old: k8s.PodTemplateSpec, template: k8s.PodTemplateSpec): k8s.PodTemplateSpec {
  const next = deepClone(old);
  next.spec ??= {} as k8s.PodSpec;
  next.metadata ??= {};
  const pod = next.spec;
  const wanted = (template.spec ?? {}) as k8s.PodSpec;
  copy(next.metadata, template.metadata ?? {}, ['annotations', 'labels']);
  copy(pod, wanted, ['nodeSelector', 'tolerations', 'schedulingGates']);
  const affinity = { ...pod.affinity };
  copy(affinity, wanted.affinity ?? {}, ['nodeAffinity']);
  if (Object.keys(affinity).length > 0) pod.affinity = affinity;
  else delete pod.affinity;
  for (const list of ['containers', 'initContainers'] as const) {
    pod[list]?.forEach((container, i) => {
      const other = wanted[list]?.[i];
      if (other?.name === container.name) copy(container, other, ['resources']);
    });
  }
  return next;
}

function copy<T extends object>(to: T, from: T, fields: readonly (keyof T)[]): void {
  for (const field of fields) {
    if (from[field] === undefined) delete to[field];
    else to[field] = from[field];
  }
}
