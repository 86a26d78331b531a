import { deepClone, deepEqual } from '@sampan/base';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { accessModeErrors, VOLUME_MODES } from './persistentvolume.ts';
import { persistentVolumeClaimWarnings } from './persistentvolume-warnings.ts';
import { roundToMilli } from './pod/defaults.ts';
import {
  basicResourceErrors,
  isNativeResource,
  positiveQuantityErrors,
  resourceQuantityErrors,
} from './resource-names.ts';
import {
  dns1123Subdomain,
  each,
  immutable,
  labelSelectorErrors,
  list,
  nameIsDnsLabel,
  nameIsDnsSubdomain,
  oneOf,
  type Part,
  qualifiedName,
  quantity,
  sortedEntries,
} from './shared.ts';

const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

function dataSourceErrors(source: Part, field: string, allowGroup: boolean): FieldError[] {
  const errors = ['name', 'kind'].filter((key) => !source[key]).map((key) => required(`${field}.${key}`));
  const group: string = source.apiGroup ?? '';
  if (group === '' && source.kind !== 'PersistentVolumeClaim') {
    const message = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    errors.push(invalid(field, source.kind ?? '', message));
  }
  if (group !== '' && !allowGroup) errors.push(...each(`${field}.apiGroup`, group, dns1123Subdomain(group)));
  if (source.namespace)
    errors.push(...each(`${field}.namespace`, source.namespace, nameIsDnsLabel(source.namespace, false)));
  return errors;
}

function dataSourcesErrors(spec: Part, field: string, allowGroup: boolean): FieldError[] {
  const { dataSource, dataSourceRef } = spec;
  const errors: FieldError[] = [];
  if (dataSource !== undefined)
    errors.push(...dataSourceErrors(dataSource, `${field}.dataSource`, allowGroup));
  if (dataSourceRef !== undefined)
    errors.push(...dataSourceErrors(dataSourceRef, `${field}.dataSourceRef`, allowGroup));
  if (dataSource === undefined || dataSourceRef === undefined) return errors;
  // Upstream shows the path of the field here where others show its value.
  const shownPath = {};
  if (dataSourceRef.namespace) {
    errors.push(invalid(field, shownPath, 'may not be specified when dataSourceRef.namespace is specified'));
  } else if (
    !['apiGroup', 'kind', 'name'].every((key) => (dataSource[key] ?? '') === (dataSourceRef[key] ?? ''))
  ) {
    errors.push(invalid(field, shownPath, 'must match dataSourceRef'));
  }
  return errors;
}

function storageErrors(spec: Part, field: string): FieldError[] {
  const path = `${field}.resources[storage]`;
  const storage: string | undefined = spec.resources?.requests?.storage;
  if (storage === undefined) return [required(path)];
  const errors = positiveQuantityErrors(storage, path);
  return errors.length > 0 ? errors : resourceQuantityErrors('storage', storage, path);
}

/** ValidatePersistentVolumeClaimSpec; `old` allows what it already has. */
export function persistentVolumeClaimSpecErrors(spec: Part, field: string, old?: Part): FieldError[] {
  const modes = list(spec.accessModes);
  const errors: FieldError[] = [];
  if (modes.length === 0) errors.push(required(`${field}.accessModes`, 'at least 1 access mode is required'));
  errors.push(...labelSelectorErrors(spec.selector, `${field}.selector`));
  errors.push(...accessModeErrors(modes, `${field}.accessModes`), ...storageErrors(spec, field));
  const className = (key: string): FieldError[] =>
    spec[key] ? each(`${field}.${key}`, spec[key], nameIsDnsSubdomain(spec[key], false)) : [];
  errors.push(
    ...className('storageClassName'),
    ...oneOf(`${field}.volumeMode`, spec.volumeMode, VOLUME_MODES),
  );
  const allowGroup = Boolean(old?.dataSource?.apiGroup || old?.dataSourceRef?.apiGroup);
  return [
    ...errors,
    ...dataSourcesErrors(spec, field, allowGroup),
    ...className('volumeAttributesClassName'),
  ];
}

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

function validateUpdate(claim: KubeObject, old: KubeObject): FieldError[] {
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

const RESIZE_STATUSES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
];

function resourceKeyErrors(name: string, field: string): FieldError[] {
  const errors = each(field, name, qualifiedName(name));
  return errors.length === 0 && isNativeResource(name) && name !== 'storage'
    ? [notSupported(field, name, ['storage'])]
    : errors;
}

function validateStatus(claim: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  if (!claim.metadata.resourceVersion) errors.push(required('resourceVersion'));
  if (list(claim.spec?.accessModes).length === 0) errors.push(required('Spec.accessModes'));
  for (const [name, value] of sortedEntries(claim.status?.capacity)) {
    errors.push(...basicResourceErrors(value, `status.capacity[${name}]`));
  }
  for (const [name, value] of sortedEntries(claim.status?.allocatedResourceStatuses)) {
    const field = 'status.allocatedResourceStatus';
    errors.push(...resourceKeyErrors(name, field));
    if (!RESIZE_STATUSES.includes(value)) errors.push(notSupported(field, name, RESIZE_STATUSES));
  }
  for (const [name, value] of sortedEntries(claim.status?.allocatedResources)) {
    const keyErrors = resourceKeyErrors(name, 'status.allocatedResources');
    const field = `status.allocatedResources[${name}]`;
    const basic = basicResourceErrors(value, field);
    if (keyErrors.length > 0) errors.push(...keyErrors);
    else errors.push(...(basic.length > 0 ? basic : resourceQuantityErrors('storage', value, field)));
  }
  return errors;
}

/** dataSource and dataSourceRef name one thing; whichever is set fills the other (NormalizeDataSources). */
function normalizeDataSources(spec: Part): void {
  if (spec.dataSource !== undefined && spec.dataSourceRef === undefined)
    spec.dataSourceRef = { ...spec.dataSource };
  else if (
    spec.dataSourceRef !== undefined &&
    spec.dataSource === undefined &&
    !spec.dataSourceRef.namespace
  ) {
    const { namespace: _, ...source } = spec.dataSourceRef;
    spec.dataSource = source;
  }
}

export function setClaimSpecDefaults(spec: Part): void {
  spec.volumeMode ??= 'Filesystem';
  roundToMilli(spec.resources?.requests);
  roundToMilli(spec.resources?.limits);
}

export const persistentVolumeClaimRules: KindRules = {
  setDefaults(claim) {
    claim.status = { ...claim.status, phase: claim.status?.phase || 'Pending' };
    claim.spec ??= {};
    setClaimSpecDefaults(claim.spec);
  },
  prepareForCreate(claim) {
    claim.status = { phase: 'Pending' };
    normalizeDataSources(claim.spec);
  },
  prepareForUpdate(claim, old) {
    claim.status = old.status;
    normalizeDataSources(claim.spec);
  },
  validate: (claim) => persistentVolumeClaimSpecErrors(claim.spec ?? {}, 'spec'),
  validateUpdate,
  warnings: persistentVolumeClaimWarnings,
  status: {
    prepareForUpdate(claim, old) {
      claim.spec = old.spec;
    },
    validateUpdate: validateStatus,
  },
  generation: false,
};
