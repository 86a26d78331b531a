import { deepEqual } from '@sampan/base';
import { type FieldError, forbidden, invalid, required, tooLong } from '../meta/field-error.ts';
import { GoStruct } from '../meta/go-quote.ts';
import type { ObjectMeta, OwnerReference } from '../meta/object.ts';
import { parseApiVersion } from '../meta/object.ts';
import { append } from './append.ts';
import { validateImmutable } from './immutable.ts';
import { validateLabels } from './label-selector.ts';
import { isQualifiedName } from './label-syntax.ts';
import { validateManagedFields } from './managed-fields.ts';
import { byteLength, IS_NEGATIVE } from './messages.ts';
import { type NameRule, nameIsDNSLabel } from './names.ts';

/** All annotations of an object together, keys and values, in bytes. */
export const TOTAL_ANNOTATION_SIZE_LIMIT = 256 * 1024;

/** apimachinery pkg/api/validation.ValidateObjectMeta: metadata of a new object whose name has been generated. */
export function validateObjectMeta(
  meta: ObjectMeta,
  namespaced: boolean,
  nameRule: NameRule,
  field = 'metadata',
): FieldError[] {
  const errors: FieldError[] = [];
  if (meta.generateName) {
    for (const message of nameRule(meta.generateName, true)) {
      errors.push(invalid(`${field}.generateName`, meta.generateName, message));
    }
  }
  if (meta.name === undefined || meta.name === '') {
    errors.push(required(`${field}.name`, 'name or generateName is required'));
  } else {
    for (const message of nameRule(meta.name, false))
      errors.push(invalid(`${field}.name`, meta.name, message));
  }
  const namespace = meta.namespace ?? '';
  if (!namespaced) {
    if (namespace !== '') errors.push(forbidden(`${field}.namespace`, 'not allowed on this type'));
  } else if (namespace === '') {
    errors.push(required(`${field}.namespace`));
  } else {
    for (const message of nameIsDNSLabel(namespace, false)) {
      errors.push(invalid(`${field}.namespace`, namespace, message));
    }
  }
  if ((meta.generation ?? 0) < 0) errors.push(invalid(`${field}.generation`, meta.generation, IS_NEGATIVE));
  append(errors, validateCommon(meta, field));
  if (meta.finalizers !== undefined)
    append(errors, validateFinalizers(meta.finalizers, `${field}.finalizers`));
  if (meta.managedFields !== undefined) {
    append(errors, validateManagedFields(meta.managedFields, `${field}.managedFields`));
  }
  return errors;
}

function validateCommon(meta: ObjectMeta, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (meta.labels !== undefined) append(errors, validateLabels(meta.labels, `${field}.labels`));
  if (meta.annotations !== undefined)
    append(errors, validateAnnotations(meta.annotations, `${field}.annotations`));
  if (meta.ownerReferences !== undefined) {
    append(errors, validateOwnerReferences(meta.ownerReferences, `${field}.ownerReferences`));
  }
  return errors;
}

const IMMUTABLE_FIELDS = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;
/** What upstream shows for an absent field: an empty string or null. */
const ABSENT_AS_TEXT: ReadonlySet<string> = new Set(['name', 'namespace', 'uid']);

/** apimachinery pkg/api/validation.ValidateObjectMetaUpdate. */
export function validateObjectMetaUpdate(
  meta: ObjectMeta,
  old: ObjectMeta,
  field = 'metadata',
): FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp) {
    append(
      errors,
      validateNoNewFinalizers(meta.finalizers ?? [], old.finalizers ?? [], `${field}.finalizers`),
    );
  }
  if (!meta.resourceVersion) {
    errors.push(
      invalid(`${field}.resourceVersion`, meta.resourceVersion ?? '', 'must be specified for an update'),
    );
  }
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid(`${field}.generation`, meta.generation ?? 0, 'must not be decremented'));
  }
  for (const name of IMMUTABLE_FIELDS) {
    const absent = ABSENT_AS_TEXT.has(name) ? '' : null;
    append(errors, validateImmutable(meta[name] ?? absent, old[name] ?? absent, `${field}.${name}`));
  }
  // What has not changed was valid when it was stored.
  if (
    !deepEqual(meta.labels, old.labels) ||
    !deepEqual(meta.annotations, old.annotations) ||
    !deepEqual(meta.ownerReferences, old.ownerReferences)
  ) {
    append(errors, validateCommon(meta, field));
  }
  if (meta.finalizers !== undefined && !deepEqual(meta.finalizers, old.finalizers)) {
    append(errors, validateFinalizers(meta.finalizers, `${field}.finalizers`));
  }
  if (meta.managedFields !== undefined && meta.managedFields !== old.managedFields) {
    append(errors, validateManagedFields(meta.managedFields, `${field}.managedFields`));
  }
  return errors;
}

export function validateAnnotations(
  annotations: Record<string, string> | undefined,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (annotations === undefined || annotations === null) return errors;
  let size = 0;
  for (const key of Object.keys(annotations)) {
    // As qualified names, but in upper or lower case.
    for (const message of isQualifiedName(key.toLowerCase())) errors.push(invalid(field, key, message));
    size += byteLength(key) + byteLength(annotations[key] ?? '');
  }
  if (size > TOTAL_ANNOTATION_SIZE_LIMIT) errors.push(tooLong(field, TOTAL_ANNOTATION_SIZE_LIMIT));
  return errors;
}

/** Each of these errors shows all references: a client must not be able to make the answer the square of its request. */
const MAX_SHOWN = 8;

export function validateOwnerReferences(references: readonly OwnerReference[], field: string): FieldError[] {
  const errors: FieldError[] = [];
  let controller = '';
  let repeated = 0;
  for (const reference of references) {
    append(errors, validateOwnerReference(reference, field));
    if (reference.controller !== true) continue;
    const name = `${reference.kind}/${reference.name}`;
    if (controller === '') controller = name;
    else if (++repeated <= MAX_SHOWN) {
      errors.push(
        invalid(
          field,
          references.map(goReference),
          `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`,
        ),
      );
    }
  }
  return errors;
}

/** As Go writes one. */
function goReference(reference: OwnerReference): GoStruct {
  const { apiVersion, kind, name, uid, controller, blockOwnerDeletion } = reference;
  return new GoStruct({ apiVersion, kind, name, uid, controller, blockOwnerDeletion });
}

function validateOwnerReference(reference: OwnerReference, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const parsed = parseApiVersion(reference.apiVersion ?? '');
  const { group, version } = parsed.version.includes('/') ? { group: '', version: '' } : parsed;
  if (version === '')
    errors.push(invalid(`${field}.apiVersion`, reference.apiVersion ?? '', 'version must not be empty'));
  for (const name of ['kind', 'name', 'uid'] as const) {
    if (!reference[name]) errors.push(invalid(`${field}.${name}`, '', 'must not be empty'));
  }
  if (group === '' && version === 'v1' && reference.kind === 'Event') {
    errors.push(invalid(field, goReference(reference), '/v1, Kind=Event is disallowed from being an owner'));
  }
  return errors;
}

export function validateFinalizerName(name: string, field: string): FieldError[] {
  return isQualifiedName(name).map((message) => invalid(field, name, message));
}

export function validateFinalizers(finalizers: readonly string[], field: string): FieldError[] {
  const errors = finalizers.flatMap((name) => validateFinalizerName(name, field));
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalid(field, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return errors;
}

const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** Built-in kinds (not custom resources) know the finalizers without a domain (core validation.validateKubeFinalizerName). */
export function validateStandardFinalizers(
  finalizers: readonly string[] | undefined,
  field = 'metadata.finalizers',
): FieldError[] {
  const errors: FieldError[] = [];
  finalizers?.forEach((name, i) => {
    if (name.includes('/') || STANDARD_FINALIZERS.has(name)) return;
    const detail = 'name is neither a standard finalizer name nor is it fully qualified';
    errors.push(invalid(`${field}[${i}]`, name, detail));
  });
  return errors;
}

function validateNoNewFinalizers(
  finalizers: readonly string[],
  old: readonly string[],
  field: string,
): FieldError[] {
  const extra = [...new Set(finalizers).difference(new Set(old))].sort();
  if (extra.length === 0) return [];
  const shown = extra.map((name) => JSON.stringify(name)).join(', ');
  return [
    forbidden(
      field,
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${shown}}`,
    ),
  ];
}
