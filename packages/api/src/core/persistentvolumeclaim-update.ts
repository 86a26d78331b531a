import { deepClone, deepEqual } from '@sampan/base';
import { type FieldError, forbidden, invalid } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { persistentVolumeClaimSpecErrors } from './persistentvolumeclaim-spec.ts';
import { immutable, type Part, quantity, sortedEntries } from './shared.ts';

const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';
const annotationOf = (claim: KubeObject): string | undefined =>
  claim.metadata.annotations?.[CLASS_ANNOTATION];

/** The storage class may move from the old annotation to the field, or be filled in when there was none. */
function classErrors(claim: KubeObject, old: KubeObject, spec: Part, oldSpec: Part): FieldError[] {
  const annotation = annotationOf(claim);
  const oldAnnotation = annotationOf(old);
  const name: string | undefined = claim.spec?.storageClassName;
  const unset = oldSpec.storageClassName === undefined;
  if (
    oldAnnotation !== undefined &&
    unset &&
    name === oldAnnotation &&
    (annotation === undefined || annotation === oldAnnotation)
  ) {
    delete spec.storageClassName;
    return [];
  }
  if (name !== undefined && unset && (oldAnnotation === undefined || name === oldAnnotation))
    delete spec.storageClassName;
  return (annotation ?? '') === (oldAnnotation ?? '')
    ? []
    : [invalid(`metadata.annotations.${CLASS_ANNOTATION}`, annotation ?? '', 'field is immutable')];
}

function sizeErrors(claim: KubeObject, old: KubeObject): FieldError[] {
  const size = quantity(claim.spec?.resources?.requests?.storage);
  if (size.compare(quantity(old.spec?.resources?.requests?.storage)) >= 0) return [];
  return size.compare(quantity(old.status?.capacity?.storage)) <= 0
    ? [forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity')]
    : [];
}

function attributesErrors(claim: KubeObject, old: KubeObject): FieldError[] {
  const name: string | undefined = claim.spec?.volumeAttributesClassName;
  if (old.spec?.volumeAttributesClassName === undefined || name === old.spec.volumeAttributesClassName)
    return [];
  const field = 'spec.volumeAttributesClassName';
  if (name === undefined) return [forbidden(field, 'update from non-nil value to nil is forbidden')];
  return name === '' ? [forbidden(field, 'update from non-nil value to an empty string is forbidden')] : [];
}

const same = (a: Part, b: Part): boolean => deepEqual(canonical(a), canonical(b));

/** Amounts count as equal however they are written. */
function canonical(spec: Part): Part {
  const copy = deepClone(spec);
  for (const map of [copy.resources?.requests, copy.resources?.limits]) {
    for (const [name, value] of sortedEntries(map)) map[name] = quantity(value).toString();
  }
  return copy;
}

/** ValidatePersistentVolumeClaimUpdate */
export function validateClaimUpdate(claim: KubeObject, old: KubeObject): FieldError[] {
  const errors = persistentVolumeClaimSpecErrors(claim.spec ?? {}, 'spec', old.spec);
  const spec = deepClone(claim.spec ?? {});
  const oldSpec = deepClone(old.spec ?? {});
  // The volume's name may be set once, by the binder.
  if (!oldSpec.volumeName) oldSpec.volumeName = spec.volumeName;
  errors.push(...classErrors(claim, old, spec, oldSpec));
  if (claim.status?.phase === 'Bound') {
    if (spec.resources?.requests !== undefined)
      spec.resources.requests.storage = oldSpec.resources?.requests?.storage;
    if (spec.volumeAttributesClassName !== undefined) {
      spec.volumeAttributesClassName = oldSpec.volumeAttributesClassName;
    }
  }
  if (!same(spec, oldSpec)) {
    errors.push(
      forbidden(
        'spec',
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      ),
    );
  }
  return [
    ...errors,
    ...sizeErrors(claim, old),
    ...immutable('volumeMode', claim.spec?.volumeMode, old.spec?.volumeMode),
    ...attributesErrors(claim, old),
  ];
}
