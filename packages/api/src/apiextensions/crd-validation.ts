import { deepEqual } from '@sampan/base';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
  tooMany,
} from '../meta/field-error.ts';
import { isDNS1035Label, isDNS1123Subdomain } from '../validation/dns.ts';
import { isValidPortNum } from '../validation/formats.ts';
import { validateImmutable } from '../validation/immutable.ts';
import { webhookUrlErrors } from '../validation/webhook-client.ts';
import { API_APPROVED, apiApproval, isProtectedGroup } from './api-approval.ts';
import { validFieldPath } from './cel/field-path.ts';
import type { CrdConversion, CrdNames, CrdScale, CrdVersion, CustomResourceDefinition } from './crd.ts';
import { isCondition } from './crd.ts';
import { type InternalSpec, internalSpec, shownVersions } from './crd-internal.ts';
import {
  isNonAtomic,
  mapListKeys,
  type SchemaOptions,
  validateVersionSchema,
} from './crd-schema-validation.ts';
import { hasDefault, itemsSchema, type JsonSchema, schemaHas } from './json-schema.ts';
import { patternWeight } from './patterns.ts';
import type { PrinterColumn } from './printer-columns.ts';
import { prune } from './prune.ts';
import { schemaNode } from './schema-node.ts';
import { notStructurable, validateStructural } from './structural.ts';

const MAX_SELECTABLE_FIELDS = 8;
const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

/** All errors of a new definition, metadata excluded but the API approval. */
export function validateCrd(crd: CustomResourceDefinition): FieldError[] {
  return [...validateSpec(crd, undefined), ...validateRest(crd, undefined)];
}

/** All errors of an update of a definition. What was already wrong may stay as upstream lets it stay. */
export function validateCrdUpdate(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition,
): FieldError[] {
  const errors = validateSpec(crd, old);
  const immutable = (value: unknown, before: unknown, field: string): void => {
    errors.push(...validateImmutable(value, before, field));
  };
  if (isCondition(old, 'Established')) {
    immutable(crd.spec.scope, old.spec.scope, 'spec.scope');
    immutable(crd.spec.names.kind, old.spec.names.kind, 'spec.names.kind');
  }
  immutable(crd.spec.group, old.spec.group, 'spec.group');
  immutable(crd.spec.names.plural, old.spec.names.plural, 'spec.names.plural');
  return [...errors, ...validateRest(crd, old)];
}

function validateRest(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  return [
    ...validateNames(crd.status?.acceptedNames ?? {}, 'status.acceptedNames'),
    ...validateStoredVersions(crd),
    ...validateApproval(crd, old),
    ...(crd.spec.preserveUnknownFields && !old?.spec.preserveUnknownFields
      ? [
          invalid(
            'spec.preserveUnknownFields',
            true,
            'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
          ),
        ]
      : []),
  ];
}

/** Errors of a status write. */
export function validateCrdStatus(crd: CustomResourceDefinition): FieldError[] {
  return validateNames(crd.status?.acceptedNames ?? {}, 'status.acceptedNames');
}

function validateStoredVersions(crd: CustomResourceDefinition): FieldError[] {
  const stored = crd.status?.storedVersions ?? [];
  const field = 'status.storedVersions';
  if (stored.length === 0) return [invalid(field, null, 'must have at least one stored version')];
  const errors: FieldError[] = [];
  const versions = crd.spec.versions ?? [];
  for (const version of versions) {
    if (version.storage && !stored.includes(version.name)) {
      errors.push(invalid(field, stored, `must have the storage version ${version.name}`));
    }
  }
  stored.forEach((name, i) => {
    if (versions.some((version) => version.name === name)) return;
    const text = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    errors.push(invalid(`${field}[${i}]`, name, text));
  });
  return errors;
}

function validateApproval(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  if (!isProtectedGroup(crd.spec.group ?? '')) return [];
  const approval = apiApproval(crd.metadata.annotations);
  if (old && apiApproval(old.metadata.annotations).state === approval.state) return [];
  const field = `metadata.annotations[${API_APPROVED}]`;
  if (approval.state === 'missing') return [required(field, approval.reason)];
  if (approval.state !== 'invalid') return [];
  return [invalid(field, crd.metadata.annotations?.[API_APPROVED] ?? '', approval.reason)];
}

/** What holds of all schemas of an old definition, so that it must go on to hold. */
function optionsFor(
  old: CustomResourceDefinition | undefined,
): Omit<SchemaOptions, 'suppressCost'> & { requireSchema: boolean } {
  const schemas = (old?.spec.versions ?? []).map((version) => version.schema?.openAPIV3Schema);
  const none = (wrong: (schema: JsonSchema) => boolean): boolean =>
    schemas.every((schema) => schema === undefined || !wrong(schema));
  const anywhere = (wrong: (schema: JsonSchema) => boolean) => (schema: JsonSchema) =>
    schemaHas(schema, wrong);
  return {
    requireSchema: schemas.every((schema) => schema !== undefined),
    requireStructural: true,
    requirePrunedDefaults: none(hasUnprunedDefaults),
    requireAtomicSetType: none(
      anywhere((schema) => {
        const items = itemsSchema(schema);
        return schema['x-kubernetes-list-type'] === 'set' && items !== undefined && isNonAtomic(items);
      }),
    ),
    requireMapListKeys: none(anywhere((schema) => mapListKeys(schema, '').length > 0)),
    requireValidType: none(
      anywhere(
        (schema) =>
          Boolean(schema.type) &&
          !['array', 'boolean', 'integer', 'number', 'object', 'string'].includes(schema.type ?? ''),
      ),
    ),
  };
}

function hasUnprunedDefaults(schema: JsonSchema): boolean {
  if (notStructurable(schema) !== undefined || validateStructural(schema, '').length > 0) return false;
  return schemaHas(
    schema,
    (sub) => hasDefault(sub) && prune(structuredClone(sub.default), schemaNode(sub), false).length > 0,
  );
}

function validateSpec(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  const internal = internalSpec(crd);
  const { spec, versions } = internal;
  const options = optionsFor(old);
  const errors: FieldError[] = [];
  const group = spec.group ?? '';
  if (group === '') errors.push(required('spec.group'));
  else {
    const messages = isDNS1123Subdomain(group);
    if (messages.length > 0) errors.push(invalid('spec.group', group, messages.join(',')));
    else if (!group.includes('.'))
      errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'));
  }
  errors.push(...oneOf('spec.scope', spec.scope ?? '', ['Cluster', 'Namespaced']));
  if (options.requireSchema && !internal.validation?.openAPIV3Schema) {
    versions.forEach((version, i) => {
      if (!version.schema?.openAPIV3Schema)
        errors.push(required(`spec.versions[${i}].schema.openAPIV3Schema`));
    });
  } else if (!options.requireSchema && !spec.preserveUnknownFields && !internal.validation?.openAPIV3Schema) {
    versions.forEach((version, i) => {
      if (version.served && !version.schema?.openAPIV3Schema) {
        errors.push(
          required(`spec.versions[${i}].schema.openAPIV3Schema`, 'because otherwise all fields are pruned'),
        );
      }
    });
  }
  if (spec.preserveUnknownFields && schemasOf(internal).some((schema) => schemaHas(schema, hasDefault))) {
    errors.push(
      invalid('spec.preserveUnknownFields', true, 'must be false in order to use defaults in the schema'),
    );
  }
  const unchanged = (name: string): boolean => isUnchanged(crd, old, name);
  versions.forEach((version, i) => {
    const messages = isDNS1035Label(version.name ?? '');
    if (messages.length > 0)
      errors.push(invalid(`spec.versions[${i}].name`, version.name ?? '', messages.join(',')));
    const status = (version.subresources ?? internal.subresources)?.status !== undefined;
    errors.push(
      ...validateVersion(
        version,
        `spec.versions[${i}]`,
        status,
        { ...options, suppressCost: unchanged(version.name) },
        old,
      ),
    );
  });
  errors.push(...versionsAsAWhole(internal));
  errors.push(...validateNamesOfSpec(spec.names ?? {}));
  errors.push(...validateCommon(internal, { ...options, suppressCost: unchanged(internal.version) }, old));
  errors.push(...validateConversion(crd));
  errors.push(...patternErrors(internal));
  return errors;
}

/** Most states of all patterns of a definition together: each served version keeps them compiled. */
const MAX_PATTERNS_WEIGHT = 200_000;

function patternErrors(internal: InternalSpec): FieldError[] {
  let weight = 0;
  const seen = new Set<string>();
  for (const schema of schemasOf(internal)) {
    schemaHas(schema, ({ pattern }) => {
      if (pattern && !seen.has(pattern)) weight += patternWeight(pattern);
      if (pattern) seen.add(pattern);
      return false;
    });
  }
  if (weight <= MAX_PATTERNS_WEIGHT) return [];
  return [
    forbidden(
      'spec.versions',
      `the patterns of all schemas together repeat too much: more than ${MAX_PATTERNS_WEIGHT} states`,
    ),
  ];
}

function schemasOf(internal: InternalSpec): JsonSchema[] {
  const schemas = [internal.validation, ...internal.versions.map((version) => version.schema)];
  return schemas.flatMap((schema) => schema?.openAPIV3Schema ?? []);
}

function isUnchanged(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
  name: string,
): boolean {
  const find = (from: CustomResourceDefinition | undefined): CrdVersion | undefined =>
    from?.spec.versions?.find((version) => version.name === name);
  const before = find(old);
  return before !== undefined && deepEqual(before.schema, find(crd)?.schema);
}

function oneOf(field: string, value: string, accepted: readonly string[]): FieldError[] {
  if (value === '') return [required(field)];
  return accepted.includes(value) ? [] : [notSupported(field, value, accepted)];
}

function versionsAsAWhole(internal: InternalSpec): FieldError[] {
  const errors: FieldError[] = [];
  const { versions } = internal;
  const names = versions.map((version) => version.name);
  if (new Set(names).size !== names.length) {
    errors.push(invalid('spec.versions', shownVersions(versions), 'must contain unique version names'));
  }
  if (versions.filter((version) => version.storage).length !== 1) {
    const text = 'must have exactly one version marked as storage version';
    errors.push(invalid('spec.versions', shownVersions(versions), text));
  }
  const messages = internal.version === '' ? [] : isDNS1035Label(internal.version);
  if (messages.length > 0) errors.push(invalid('spec.version', internal.version, messages.join(',')));
  return errors;
}

/** The parts that all versions share. */
function validateCommon(
  internal: InternalSpec,
  options: SchemaOptions,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  const schema = internal.validation?.openAPIV3Schema;
  const status =
    internal.subresources?.status !== undefined ||
    internal.versions.some((version) => version.subresources?.status !== undefined);
  if (schema) errors.push(...validateVersionSchema(schema, status, options, 'spec.validation'));
  errors.push(...validateScale(internal.subresources?.scale, 'spec.subresources'));
  internal.columns?.forEach((column, i) => {
    errors.push(...validateColumn(column, `spec.additionalPrinterColumns[${i}]`));
  });
  const fields = internal.selectableFields;
  if (fields && fields.length > 0) {
    if (!schema)
      errors.push(
        invalid('spec.selectableFields', '', 'may only be set when validations.schema is included'),
      );
    else
      errors.push(
        ...validateSelectableFields(fields, schema, 'spec.selectableFields', tooManyAllowed(old, fields)),
      );
  }
  return errors;
}

function tooManyAllowed(
  old: CustomResourceDefinition | undefined,
  fields: CrdVersion['selectableFields'],
): boolean {
  return (old?.spec.versions ?? []).some(
    (version) =>
      (version.selectableFields?.length ?? 0) > MAX_SELECTABLE_FIELDS &&
      deepEqual(version.selectableFields, fields),
  );
}

function validateVersion(
  version: CrdVersion,
  path: string,
  status: boolean,
  options: SchemaOptions,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const message of deprecationErrors(version)) {
    errors.push(invalid(`${path}.deprecationWarning`, version.deprecationWarning ?? null, message));
  }
  const schema = version.schema?.openAPIV3Schema;
  if (schema) errors.push(...validateVersionSchema(schema, status, options, `${path}.schema`));
  errors.push(...validateScale(version.subresources?.scale, `${path}.subresources`));
  version.additionalPrinterColumns?.forEach((column, i) => {
    errors.push(...validateColumn(column, `${path}.additionalPrinterColumns[${i}]`));
  });
  const fields = version.selectableFields ?? [];
  if (fields.length === 0) return errors;
  if (!schema) {
    const text = 'may only be set when `version.schema.openAPIV3Schema` is not included';
    return [...errors, invalid(`${path}.selectableFields`, '', text)];
  }
  return [
    ...errors,
    ...validateSelectableFields(fields, schema, `${path}.selectableFields`, tooManyAllowed(old, fields)),
  ];
}

function deprecationErrors(version: CrdVersion): string[] {
  const text = version.deprecationWarning;
  if (text === undefined) return [];
  if (!version.deprecated) return ['can only be set for deprecated versions'];
  const errors: string[] = [];
  if (Buffer.byteLength(text) > 256) errors.push('must be <= 256 characters long');
  if (text === '') errors.push('must not be an empty string');
  const bad = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(text);
  if (bad) {
    const index = Buffer.byteLength(text.slice(0, bad.index));
    errors.push(
      `must only contain printable UTF-8 characters; non-printable character found at index ${index}`,
    );
  }
  return errors;
}

function validateNamesOfSpec(names: CrdNames): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['plural', 'singular', 'kind', 'listKind'] as const) {
    if (!names[name]) errors.push(required(`spec.names.${name}`));
  }
  return [...errors, ...validateNames(names, 'spec.names')];
}

function validateNames(names: CrdNames, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['plural', 'singular'] as const) {
    const messages = names[name] ? isDNS1035Label(names[name]) : [];
    if (messages.length > 0) errors.push(invalid(`${path}.${name}`, names[name], messages.join(',')));
  }
  for (const name of ['kind', 'listKind'] as const) {
    const messages = names[name] ? isDNS1035Label(names[name].toLowerCase()) : [];
    if (messages.length > 0) {
      const text = `may have mixed case, but should otherwise match: ${messages.join(',')}`;
      errors.push(invalid(`${path}.${name}`, names[name], text));
    }
  }
  const list = (values: readonly string[] | undefined, name: string): void => {
    values?.forEach((value, i) => {
      const messages = isDNS1035Label(value);
      if (messages.length > 0) errors.push(invalid(`${path}.${name}[${i}]`, value, messages.join(',')));
    });
  };
  list(names.shortNames, 'shortNames');
  if (names.kind && names.kind === names.listKind) {
    errors.push(invalid(`${path}.listKind`, names.listKind, 'kind and listKind may not be the same'));
  }
  list(names.categories, 'categories');
  return errors;
}

function validateColumn(column: PrinterColumn, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!column.name) errors.push(required(`${path}.name`));
  const types = `must be one of ${COLUMN_TYPES.join(',')}`;
  if (!column.type) errors.push(required(`${path}.type`, types));
  else if (!COLUMN_TYPES.includes(column.type)) errors.push(invalid(`${path}.type`, column.type, types));
  if (column.format && !COLUMN_FORMATS.includes(column.format)) {
    errors.push(invalid(`${path}.format`, column.format, `must be one of ${COLUMN_FORMATS.join(',')}`));
  }
  if (!column.jsonPath) errors.push(required(`${path}.JSONPath`));
  else errors.push(...simplePath(column.jsonPath, `${path}.JSONPath`));
  return errors;
}

function simplePath(text: string, path: string): FieldError[] {
  return text.startsWith('.') ? [] : [invalid(path, text, 'must be a simple json path starting with .')];
}

function validateScale(scale: CrdScale | undefined, path: string): FieldError[] {
  if (!scale) return [];
  const errors: FieldError[] = [];
  const check = (text: string | undefined, name: string, roots: readonly string[], detail: string): void => {
    const field = `${path}.scale.${name}`;
    if (!text) {
      errors.push(required(field));
      return;
    }
    const simple = simplePath(text, field);
    if (simple.length > 0) errors.push(...simple);
    else if (!roots.some((root) => text.startsWith(root))) errors.push(invalid(field, text, detail));
  };
  check(scale.specReplicasPath, 'specReplicasPath', ['.spec.'], 'should be a json path under .spec');
  check(scale.statusReplicasPath, 'statusReplicasPath', ['.status.'], 'should be a json path under .status');
  if (scale.labelSelectorPath) {
    check(
      scale.labelSelectorPath,
      'labelSelectorPath',
      ['.spec.', '.status.'],
      'should be a json path under either .spec or .status',
    );
  }
  return errors;
}

function validateSelectableFields(
  fields: readonly { jsonPath: string }[],
  schema: JsonSchema,
  path: string,
  allowTooMany: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  fields.forEach(({ jsonPath }, i) => {
    const field = `${path}[${i}].jsonPath`;
    if (!jsonPath) {
      errors.push(required(field));
      return;
    }
    const found = validFieldPath(jsonPath, schema, false);
    if ('problem' in found) {
      errors.push(invalid(field, jsonPath, `is an invalid path: ${found.problem}`));
      return;
    }
    if (found.root === 'metadata')
      errors.push(invalid(field, jsonPath, 'must not point to fields in metadata'));
    if (!['string', 'boolean', 'integer'].includes(found.schema.type ?? '')) {
      const text =
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
      errors.push(invalid(field, jsonPath, text));
    }
    if (seen.has(found.path)) errors.push(duplicate(field, jsonPath));
    seen.add(found.path);
  });
  if (seen.size > MAX_SELECTABLE_FIELDS && !allowTooMany)
    errors.push(tooMany(path, seen.size, MAX_SELECTABLE_FIELDS));
  return errors;
}

function validateConversion(crd: CustomResourceDefinition): FieldError[] {
  const { conversion } = crd.spec;
  if (!conversion) return [];
  const path = 'spec.conversion';
  const errors = oneOf(`${path}.strategy`, conversion.strategy ?? '', ['None', 'Webhook']);
  if (conversion.strategy === 'Webhook') {
    return [...errors, ...validateConversionWebhook(conversion)];
  }
  if (conversion.webhook?.clientConfig) {
    errors.push(
      forbidden(`${path}.webhookClientConfig`, 'should not be set when strategy is not set to Webhook'),
    );
  }
  if ((conversion.webhook?.conversionReviewVersions ?? []).length > 0) {
    errors.push(
      forbidden(`${path}.conversionReviewVersions`, 'should not be set when strategy is not set to Webhook'),
    );
  }
  return errors;
}

/** Source: apiextensions-apiserver validateCustomResourceConversion, apiserver pkg/util/webhook. */
function validateConversionWebhook({ webhook }: CrdConversion): FieldError[] {
  const errors: FieldError[] = [];
  const client = 'spec.conversion.webhookClientConfig';
  const { url, service } = webhook?.clientConfig ?? {};
  if (!webhook?.clientConfig) errors.push(required(client, 'required when strategy is set to Webhook'));
  else if ((url === undefined) === (service === undefined)) {
    errors.push(required(client, 'exactly one of url or service is required'));
  } else if (url !== undefined) errors.push(...webhookUrlErrors(url, `${client}.url`));
  else {
    // upstream hands name and namespace over in the wrong order
    if (!service?.namespace) errors.push(required(`${client}.service.name`));
    if (!service?.name) errors.push(required(`${client}.service.namespace`));
    const ports = isValidPortNum(service?.port ?? 443);
    if (ports.length > 0)
      errors.push(invalid(`${client}.service.port`, service?.port, `port is not valid: ${ports.join(', ')}`));
  }
  return [...errors, ...reviewVersionErrors(webhook?.conversionReviewVersions ?? [])];
}

function reviewVersionErrors(versions: readonly string[]): FieldError[] {
  const field = 'spec.conversion.conversionReviewVersions';
  if (versions.length === 0) return [required(field)];
  const errors: FieldError[] = [];
  versions.forEach((version, i) => {
    if (versions.indexOf(version) < i) errors.push(invalid(`${field}[${i}]`, version, 'duplicate version'));
    else
      for (const message of isDNS1035Label(version)) errors.push(invalid(`${field}[${i}]`, version, message));
  });
  if (!versions.includes('v1') && !versions.includes('v1beta1')) {
    errors.push(invalid(field, versions, 'must include at least one of v1, v1beta1'));
  }
  return errors;
}
