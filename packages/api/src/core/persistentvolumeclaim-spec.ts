import { type FieldError, invalid, required } from '../meta/field-error.ts';
import { accessModeErrors, VOLUME_MODES } from './persistentvolume.ts';
import { positiveQuantityErrors, resourceQuantityErrors } from './resource-names.ts';
import {
  dns1123Subdomain,
  each,
  labelSelectorErrors,
  list,
  nameIsDnsLabel,
  nameIsDnsSubdomain,
  oneOf,
  type Part,
} from './shared.ts';

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
