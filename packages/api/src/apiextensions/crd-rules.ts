import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, invalid } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { nameIsDNSSubdomain } from '../validation/names.ts';
import type { CustomResourceDefinition } from './crd.ts';
import { validateCrd, validateCrdStatus, validateCrdUpdate } from './crd-validation/crd-validation.ts';
import { supportedFormat } from './formats.ts';
import { schemaHas } from './json-schema.ts';

const asCrd = (object: KubeObject): CustomResourceDefinition => object as CustomResourceDefinition;

/** Source: apiextensions-apiserver pkg/apis/apiextensions/v1/defaults.go. */
function setDefaults(object: KubeObject): void {
  const crd = asCrd(object);
  crd.spec ??= { group: '', names: {}, scope: '', versions: [] };
  crd.spec.names ??= {};
  const { names } = crd.spec;
  if (!names.singular && names.kind) names.singular = names.kind.toLowerCase();
  if (!names.listKind && names.kind) names.listKind = `${names.kind}List`;
  crd.spec.conversion ??= { strategy: 'None' };
  const service = crd.spec.conversion.webhook?.clientConfig?.service;
  if (service && service.port === undefined) service.port = 443;
  rememberStorageVersion(crd, (crd.status?.storedVersions ?? []).length === 0);
}

/** Adds the storage version to `status.storedVersions`. */
function rememberStorageVersion(crd: CustomResourceDefinition, wanted = true): void {
  const name = crd.spec.versions?.find((version) => version.storage)?.name;
  const stored = crd.status?.storedVersions ?? [];
  if (!wanted || name === undefined || stored.includes(name)) return;
  crd.status = { ...crd.status, storedVersions: [...stored, name] };
}

function prepareForCreate(object: KubeObject): void {
  const crd = asCrd(object);
  crd.status = { conditions: null, acceptedNames: { plural: '', kind: '' }, storedVersions: [] };
  rememberStorageVersion(crd);
}

function prepareForUpdate(object: KubeObject, old: KubeObject): void {
  const crd = asCrd(object);
  const before = asCrd(old);
  if (before.status === undefined) delete crd.status;
  else crd.status = { ...before.status };
  rememberStorageVersion(crd);
}

/** The name must be PLURAL.GROUP. */
function nameErrors(crd: CustomResourceDefinition): FieldError[] {
  const wanted = `${crd.spec.names.plural ?? ''}.${crd.spec.group ?? ''}`;
  return (['generateName', 'name'] as const).flatMap((field) => {
    const given = crd.metadata[field] ?? '';
    if (given === '' || given === wanted) return [];
    return [invalid(`metadata.${field}`, given, 'must be spec.names.plural+"."+spec.group')];
  });
}

function unknownFormats(object: KubeObject): string[] {
  const found: string[] = [];
  for (const version of asCrd(object).spec.versions ?? []) {
    schemaHas(version.schema?.openAPIV3Schema, (schema) => {
      if (schema.format && supportedFormat(schema.type ?? '', schema.format) === '')
        found.push(schema.format);
      return false;
    });
  }
  return found;
}

/** The kind CustomResourceDefinition (apiextensions.k8s.io/v1). */
export const customResourceDefinitionRules: KindRules = {
  generation: true,
  unconditionalUpdate: false,
  createOnUpdate: false,
  setDefaults,
  prepareForCreate,
  prepareForUpdate,
  validateName: nameIsDNSSubdomain,
  validate: (object) => [...nameErrors(asCrd(object)), ...validateCrd(asCrd(object))],
  validateUpdate: (object, old) => validateCrdUpdate(asCrd(object), asCrd(old)),
  warnings(object, old) {
    const before = new Set(old ? unknownFormats(old) : []);
    return unknownFormats(object)
      .filter((format) => !before.has(format))
      .map((format) => `unrecognized format ${JSON.stringify(format)}`);
  },
  status: {
    prepareForUpdate(object, old) {
      object.spec = old.spec;
    },
    validateUpdate: (object) => validateCrdStatus(asCrd(object)),
  },
};
