import { deepEqual } from '@sampan/base';
import { fieldErrorMessage, invalid } from '../meta/field-error.ts';
import { apiApproval, isProtectedGroup } from './api-approval.ts';
import {
  type CrdCondition,
  type CrdNames,
  type CrdStatus,
  type CustomResourceDefinition,
  conditionOf,
} from './crd.ts';
import { notStructurable, validateStructural } from './structural.ts';

/**
 * The finalizer that keeps a definition until its objects are gone; upstream adds it when the definition is
 * deleted, see `deletingCrd`.
 */
export const CRD_CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

type Found = Omit<CrdCondition, 'lastTransitionTime'>;

/** The conditions with one set; its time changes with its status only. `now` is RFC 3339. */
export function setCondition(conditions: readonly CrdCondition[], found: Found, now: string): CrdCondition[] {
  const old = conditions.find((condition) => condition.type === found.type);
  if (!old) return [...conditions, { lastTransitionTime: now, ...found }];
  const lastTransitionTime =
    old.status === found.status && old.lastTransitionTime ? old.lastTransitionTime : now;
  return conditions.map((condition) =>
    condition === old ? { ...condition, ...found, lastTransitionTime } : condition,
  );
}

/** The names that other definitions of the group have been given. */
function takenNames(crd: CustomResourceDefinition, others: readonly CustomResourceDefinition[]) {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const other of others) {
    if (other.spec.group !== crd.spec.group || other.metadata.name === crd.metadata.name) continue;
    const names = other.status?.acceptedNames ?? {};
    for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])])
      if (name) resources.add(name);
    for (const name of [names.kind, names.listKind]) if (name) kinds.add(name);
  }
  return { resources, kinds };
}

const CONFLICTS = [
  ['plural', 'PluralConflict', 'resources'],
  ['singular', 'SingularConflict', 'resources'],
  ['shortNames', 'ShortNamesConflict', 'resources'],
  ['kind', 'KindConflict', 'kinds'],
  ['listKind', 'ListKindConflict', 'kinds'],
] as const;

/**
 * Which of the names that a definition asks for it gets, and the conditions that say so. Source:
 * apiextensions-apiserver pkg/controller/status/naming_controller.go and pkg/controller/establish.
 */
export function acceptNames(
  crd: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
): { acceptedNames: CrdNames; namesAccepted: Found; established: Found } {
  const taken = takenNames(crd, others);
  const wanted = crd.spec.names;
  const had = crd.status?.acceptedNames ?? {};
  const acceptedNames: CrdNames = { ...had };
  let namesAccepted: Found = {
    type: 'NamesAccepted',
    status: 'True',
    reason: 'NoConflicts',
    message: 'no conflicts found',
  };
  for (const [field, reason, pool] of CONFLICTS) {
    const asked = field === 'shortNames' ? (wanted.shortNames ?? []) : [wanted[field] ?? ''];
    const own = new Set(field === 'shortNames' ? (had.shortNames ?? []) : [had[field] ?? '']);
    const conflicts = asked.filter((name) => !own.has(name) && taken[pool].has(name));
    if (conflicts.length === 0) {
      if (wanted[field] === undefined) delete acceptedNames[field];
      else Object.assign(acceptedNames, { [field]: wanted[field] });
      continue;
    }
    const texts = [...new Set(conflicts)].map((name) => `${JSON.stringify(name)} is already in use`);
    const message = texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
    namesAccepted = { type: 'NamesAccepted', status: 'False', reason, message };
  }
  if (wanted.categories === undefined) delete acceptedNames.categories;
  else acceptedNames.categories = wanted.categories;
  return { acceptedNames, namesAccepted, established: establishedBy(crd, namesAccepted) };
}

function establishedBy(crd: CustomResourceDefinition, namesAccepted: Found): Found {
  const before = conditionOf(crd, 'Established');
  if (before?.status === 'True') {
    const { lastTransitionTime: _time, ...old } = before;
    return old;
  }
  if (namesAccepted.status === 'True') {
    return {
      type: 'Established',
      status: 'True',
      reason: 'InitialNamesAccepted',
      message: 'the initial names have been accepted',
    };
  }
  return {
    type: 'Established',
    status: 'False',
    reason: 'NotAccepted',
    message: 'not all names are accepted',
  };
}

/** The condition NonStructuralSchema, or undefined when all schemas are structural. */
export function nonStructural(crd: CustomResourceDefinition): Found | undefined {
  const errors = crd.spec.preserveUnknownFields
    ? [invalid('spec.preserveUnknownFields', true, 'must be false')]
    : [];
  for (const [i, version] of crd.spec.versions.entries()) {
    const schema = version.schema?.openAPIV3Schema;
    if (!schema) continue;
    const reason = notStructurable(schema);
    if (reason !== undefined) {
      const message = `failed to check validation schema for version ${version.name}: ${reason}`;
      return { type: 'NonStructuralSchema', status: 'Unknown', reason: 'StructuralError', message };
    }
    errors.push(...validateStructural(schema, `spec.versions[${i}].schema.openAPIV3Schema`));
  }
  if (errors.length === 0) return undefined;
  const texts = [...new Set(errors.map(fieldErrorMessage))];
  const message = texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
  return { type: 'NonStructuralSchema', status: 'True', reason: 'Violations', message };
}

const POLICY = 'KubernetesAPIApprovalPolicyConformant';

/** The condition about the API approval, for groups of the Kubernetes project only. */
export function approvalConformant(crd: CustomResourceDefinition): Found | undefined {
  if (!isProtectedGroup(crd.spec.group)) return undefined;
  const { state, reason } = apiApproval(crd.metadata.annotations);
  switch (state) {
    case 'approved':
      return { type: POLICY, status: 'True', reason: 'ApprovedAnnotation', message: reason };
    case 'bypassed':
      return { type: POLICY, status: 'False', reason: 'UnapprovedAnnotation', message: reason };
    case 'missing':
      return { type: POLICY, status: 'False', reason: 'MissingAnnotation', message: reason };
    default:
      return { type: POLICY, status: 'False', reason: 'InvalidAnnotation', message: reason };
  }
}

/** The Terminating conditions of a definition that is being deleted. */
export const TERMINATING = {
  pending: {
    type: 'Terminating',
    status: 'True',
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  },
  inProgress: {
    type: 'Terminating',
    status: 'True',
    reason: 'InstanceDeletionInProgress',
    message: 'CustomResource deletion is in progress',
  },
  completed: {
    type: 'Terminating',
    status: 'False',
    reason: 'InstanceDeletionCompleted',
    message: 'removed all instances',
  },
  neverEstablished: {
    type: 'Terminating',
    status: 'False',
    reason: 'NeverEstablished',
    message: 'resource was never established',
  },
} as const satisfies Record<string, Found>;

/**
 * The whole status that a definition should have next to the others; the same object when it has it already.
 * `now` is RFC 3339, second precision. Deletion (Terminating) is not part of it.
 */
export function crdStatus(
  crd: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  now: string,
): CrdStatus {
  const { acceptedNames, namesAccepted, established } = acceptNames(crd, others);
  let conditions = [...(crd.status?.conditions ?? [])];
  const structural = nonStructural(crd);
  if (structural) conditions = setCondition(conditions, structural, now);
  else conditions = conditions.filter((condition) => condition.type !== 'NonStructuralSchema');
  const approval = approvalConformant(crd);
  if (approval) conditions = setCondition(conditions, approval, now);
  conditions = setCondition(conditions, namesAccepted, now);
  conditions = setCondition(conditions, established, now);
  const status: CrdStatus = { ...crd.status, acceptedNames, conditions };
  return deepEqual(status, crd.status) ? (crd.status as CrdStatus) : status;
}

/**
 * What a DELETE makes of a definition: it waits for its objects, and says so. The caller sets
 * deletionTimestamp, deletes the objects, then sets `TERMINATING.completed` and removes the finalizer.
 */
export function deletingCrd(crd: CustomResourceDefinition, now: string): CustomResourceDefinition {
  const finalizers = crd.metadata.finalizers ?? [];
  const waits = finalizers.includes(CRD_CLEANUP_FINALIZER)
    ? finalizers
    : [...finalizers, CRD_CLEANUP_FINALIZER];
  const conditions = setCondition(crd.status?.conditions ?? [], TERMINATING.pending, now);
  return { ...crd, metadata: { ...crd.metadata, finalizers: waits }, status: { ...crd.status, conditions } };
}
