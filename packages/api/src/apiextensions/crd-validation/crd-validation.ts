import { type FieldError, invalid, required } from '../../meta/field-error.ts';
import { validateImmutable } from '../../validation/immutable.ts';
import { API_APPROVED, apiApproval, isProtectedGroup } from '../api-approval.ts';
import { type CustomResourceDefinition, isCondition } from '../crd.ts';
import { namesErrors } from './names.ts';
import { specErrors } from './spec.ts';
import { storedVersionsErrors } from './stored-versions.ts';

/** All errors of a new definition, metadata excluded but the API approval. */
export function validateCrd(crd: CustomResourceDefinition): FieldError[] {
  return [...specErrors(crd, undefined), ...besideSpecErrors(crd, undefined)];
}

/** All errors of an update of a definition. What was already wrong may stay as upstream lets it stay. */
export function validateCrdUpdate(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition,
): FieldError[] {
  return [...specErrors(crd, old), ...identityErrors(crd, old), ...besideSpecErrors(crd, old)];
}

/** Errors of a status write. */
export function validateCrdStatus(crd: CustomResourceDefinition): FieldError[] {
  return namesErrors(crd.status?.acceptedNames ?? {}, 'status.acceptedNames');
}

/** Where objects are found must not change; what kind they are, not once they can be written. */
function identityErrors({ spec }: CustomResourceDefinition, old: CustomResourceDefinition): FieldError[] {
  const before = old.spec;
  return [
    ...(isCondition(old, 'Established')
      ? [
          ...validateImmutable(spec.scope, before.scope, 'spec.scope'),
          ...validateImmutable(spec.names.kind, before.names.kind, 'spec.names.kind'),
        ]
      : []),
    ...validateImmutable(spec.group, before.group, 'spec.group'),
    ...validateImmutable(spec.names.plural, before.names.plural, 'spec.names.plural'),
  ];
}

function besideSpecErrors(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  const errors = [...validateCrdStatus(crd), ...storedVersionsErrors(crd), ...approvalErrors(crd, old)];
  if (!crd.spec.preserveUnknownFields || old?.spec.preserveUnknownFields) return errors;
  const text =
    'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
  return [...errors, invalid('spec.preserveUnknownFields', true, text)];
}

/** An approval that was missing or wrong before may stay so. */
function approvalErrors(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  if (!isProtectedGroup(crd.spec.group ?? '')) return [];
  const { annotations } = crd.metadata;
  const { state, reason } = apiApproval(annotations);
  if (old && apiApproval(old.metadata.annotations).state === state) return [];
  const field = `metadata.annotations[${API_APPROVED}]`;
  if (state === 'missing') return [required(field, reason)];
  return state === 'invalid' ? [invalid(field, annotations?.[API_APPROVED] ?? '', reason)] : [];
}
