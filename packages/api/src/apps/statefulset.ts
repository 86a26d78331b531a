import { persistentVolumeClaimSpecErrors, setClaimSpecDefaults } from '../core/persistentvolumeclaim.ts';
import { validatePodAnnotations } from '../core/pod/annotations.ts';
import { setPodSpecDefaults } from '../core/pod/defaults.ts';
import { validatePodTemplate } from '../core/pod/template.ts';
import type * as k8s from '../generated/types.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import { GoStruct } from '../meta/go-quote.ts';
import type { KubeObject } from '../meta/object.ts';
import { append } from '../validation/append.ts';
import { semanticEqual } from '../validation/immutable.ts';
import { validateLabels } from '../validation/label-selector.ts';
import { nameIsDNS1035Label, nameIsDNSLabel, nameIsDNSSubdomain } from '../validation/names.ts';
import { validateAnnotations } from '../validation/object-meta.ts';
import { intOrPercentErrors, intOrPercentValue, notMoreThan100PercentErrors } from './int-or-percent.ts';
import {
  alwaysRestartErrors,
  selectorErrors,
  templateLabelErrors,
  templateWarnings,
} from './pod-template.ts';
import { collisionErrors, keepSpec, keepStatus, nonNegativeErrors, notAboveErrors } from './status.ts';

type Spec = Partial<k8s.StatefulSetSpec>;
const specOf = (set: KubeObject): Spec => (set.spec ?? {}) as Spec;
const TEMPLATE = 'spec.template';

/** SetDefaults_StatefulSet. */
function setDefaults(set: KubeObject): void {
  set.spec ??= {};
  const spec = specOf(set);
  spec.podManagementPolicy ||= 'OrderedReady';
  spec.updateStrategy ??= {};
  if (!spec.updateStrategy.type) {
    spec.updateStrategy.type = 'RollingUpdate';
    spec.updateStrategy.rollingUpdate ??= {};
  }
  if (spec.updateStrategy.type === 'RollingUpdate' && spec.updateStrategy.rollingUpdate !== undefined) {
    spec.updateStrategy.rollingUpdate.partition ??= 0;
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain';
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain';
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  if (spec.template?.spec) setPodSpecDefaults(spec.template.spec);
  for (const claim of spec.volumeClaimTemplates ?? []) setClaimDefaults(claim);
}

function setClaimDefaults(claim: k8s.PersistentVolumeClaim): void {
  claim.apiVersion ||= 'v1';
  claim.kind ||= 'PersistentVolumeClaim';
  claim.spec ??= {};
  setClaimSpecDefaults(claim.spec);
  claim.status = { ...claim.status, phase: claim.status?.phase || 'Pending' };
}

function strategyErrors(strategy: k8s.StatefulSetUpdateStrategy): FieldError[] {
  const field = 'spec.updateStrategy';
  const { type = '', rollingUpdate } = strategy;
  if (type === '') return [required(field)];
  if (type === 'RollingUpdate')
    return rollingUpdate ? rollingUpdateErrors(rollingUpdate, `${field}.rollingUpdate`) : [];
  if (type === 'OnDelete') {
    if (rollingUpdate === undefined) return [];
    const shown = new GoStruct({
      Partition: rollingUpdate.partition ?? 0,
      MaxUnavailable: rollingUpdate.maxUnavailable ?? null,
    });
    return [invalid(`${field}.rollingUpdate`, shown, "only allowed for updateStrategy 'RollingUpdate'")];
  }
  const shown = new GoStruct({ Type: type, RollingUpdate: rollingUpdate ?? null });
  return [invalid(field, shown, "must be 'RollingUpdate' or 'OnDelete'")];
}

function rollingUpdateErrors(update: k8s.RollingUpdateStatefulSetStrategy, field: string): FieldError[] {
  const errors = nonNegativeErrors({ partition: update.partition }, ['partition'], field);
  const most = update.maxUnavailable;
  if (most === undefined) return errors;
  const at = `${field}.maxUnavailable`;
  append(errors, intOrPercentErrors(most, at));
  if (intOrPercentValue(most) === 0) errors.push(invalid(at, most, 'cannot be 0'));
  return [...errors, ...notMoreThan100PercentErrors(most, at)];
}

function policyErrors(spec: Spec): FieldError[] {
  const errors: FieldError[] = [];
  const management = spec.podManagementPolicy ?? '';
  if (management === '') errors.push(required('spec.podManagementPolicy'));
  else if (management !== 'OrderedReady' && management !== 'Parallel') {
    errors.push(invalid('spec.podManagementPolicy', management, "must be 'OrderedReady' or 'Parallel'"));
  }
  append(errors, strategyErrors(spec.updateStrategy ?? {}));
  const retention = spec.persistentVolumeClaimRetentionPolicy;
  if (retention === undefined) return errors;
  for (const when of ['whenDeleted', 'whenScaled'] as const) {
    const policy = retention[when] ?? '';
    if (policy === 'Retain' || policy === 'Delete') continue;
    errors.push(
      notSupported(`spec.persistentVolumeClaimRetentionPolicy.${when}`, policy, ['Retain', 'Delete']),
    );
  }
  return errors;
}

/** The template with the volumes that the controller will add for the claims. */
function withClaims(spec: Spec): k8s.PodTemplateSpec {
  const template = spec.template ?? {};
  const names = new Set((spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata?.name ?? ''));
  if (names.size === 0) return template;
  const own = (template.spec?.volumes ?? []).filter((volume) => !names.has(volume.name));
  const claimed = [...names].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return { ...template, spec: { ...template.spec, volumes: [...own, ...claimed] } as k8s.PodSpec };
}

/** Once, any template was stored: one that already was not valid may stay so. */
function templateErrors(spec: Spec, old: Spec | undefined): FieldError[] {
  const errors = validatePodTemplate(withClaims(spec), TEMPLATE, old?.template);
  if (
    errors.length === 0 ||
    old === undefined ||
    validatePodTemplate(withClaims(old), TEMPLATE).length === 0
  ) {
    return errors;
  }
  const { metadata, spec: podSpec = {} } = spec.template ?? {};
  const lenient = [
    ...validateLabels(metadata?.labels, `${TEMPLATE}.labels`),
    ...validateAnnotations(metadata?.annotations, `${TEMPLATE}.annotations`),
  ];
  const context = { isPod: false, allowed: { invalidPodDeletionCost: true } };
  validatePodAnnotations(metadata?.annotations, podSpec, `${TEMPLATE}.annotations`, context, lenient);
  return lenient;
}

/** ValidateStatefulSetSpec. */
function specErrors(set: KubeObject, old?: KubeObject): FieldError[] {
  const spec = specOf(set);
  const { errors, matcher } = selectorErrors(spec.selector, 'statefulset', '');
  const ordinals = spec.ordinals?.start ?? 0;
  return [
    ...policyErrors(spec),
    ...nonNegativeErrors(spec as Record<string, number>, ['replicas', 'minReadySeconds'], 'spec'),
    ...nonNegativeErrors({ start: ordinals }, ['start'], 'spec.ordinals'),
    ...errors,
    ...(matcher === undefined ? [] : templateLabelErrors(spec.template, matcher, TEMPLATE)),
    ...templateErrors(spec, old && specOf(old)),
    ...alwaysRestartErrors(spec.template?.spec, 'StatefulSet', TEMPLATE),
  ];
}

/** What only new sets must have right: these fields do not change. */
function creationErrors(set: KubeObject): FieldError[] {
  const spec = specOf(set);
  const errors: FieldError[] = [];
  if (spec.serviceName) {
    for (const message of nameIsDNS1035Label(spec.serviceName, false)) {
      errors.push(invalid('spec.serviceName', spec.serviceName, message));
    }
  }
  spec.volumeClaimTemplates?.forEach((claim, i) => {
    const at = `spec.volumeClaimTemplates[${i}]`;
    const name = claim.metadata?.name ?? '';
    const messages = nameIsDNSSubdomain(name, false);
    if (name === '') errors.push(required(`${at}.metadata.name`));
    else
      append(
        errors,
        messages.map((message) => invalid(`${at}.metadata.name`, name, message)),
      );
    append(errors, persistentVolumeClaimSpecErrors(claim.spec ?? {}, `${at}.spec`));
  });
  return errors;
}

const MUTABLE = [
  'replicas',
  'template',
  'updateStrategy',
  'minReadySeconds',
  'ordinals',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
] as const;
const IMMUTABLE_DETAIL =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

function withoutMutable(spec: Spec): Record<string, unknown> {
  const rest: Record<string, unknown> = { ...spec };
  for (const field of MUTABLE) delete rest[field];
  return rest;
}

function immutabilityErrors(set: KubeObject, old: KubeObject): FieldError[] {
  if (semanticEqual(withoutMutable(specOf(set)), withoutMutable(specOf(old)))) return [];
  return [forbidden('spec', IMMUTABLE_DETAIL)];
}

function warnings(set: KubeObject, old: KubeObject | undefined): string[] {
  const all = templateWarnings(set, old, specOf(set).template, TEMPLATE);
  if ((specOf(set).revisionHistoryLimit ?? 0) < 0) {
    all.push(
      'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
    );
  }
  return all;
}

const STATUS_COUNTS = [
  'replicas',
  'readyReplicas',
  'currentReplicas',
  'updatedReplicas',
  'availableReplicas',
  'observedGeneration',
  'collisionCount',
];

export const statefulSetRules: KindRules = {
  setDefaults,
  prepareForCreate(set) {
    set.status = { replicas: 0, availableReplicas: 0 };
  },
  prepareForUpdate: keepStatus,
  // Pods are named after the set and are host names.
  validateName: nameIsDNSLabel,
  validate: (set) => [...specErrors(set), ...creationErrors(set)],
  validateUpdate: (set, old) => [...specErrors(set, old), ...immutabilityErrors(set, old)],
  warnings,
  status: {
    prepareForUpdate: keepSpec,
    validateUpdate: (set, old) => [
      ...nonNegativeErrors(set.status, STATUS_COUNTS, 'status'),
      ...notAboveErrors(
        set.status,
        ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
        'replicas',
        'cannot be greater than status.replicas',
      ),
      ...notAboveErrors(
        set.status,
        ['availableReplicas'],
        'readyReplicas',
        'cannot be greater than status.readyReplicas',
      ),
      ...collisionErrors(set, old),
    ],
  },
  generation: true,
};
