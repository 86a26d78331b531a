import { deepEqual } from '@sampan/base';
import { type FieldError, invalid } from '../../meta/field-error.ts';
import { isDNS1035Label } from '../../validation/dns.ts';
import type { CrdVersion, CustomResourceDefinition } from '../crd.ts';
import { type InternalSpec, shownVersions } from '../crd-internal.ts';
import type { SchemaRequirements } from '../crd-schema/schema-options.ts';
import { versionPartsErrors } from './version-parts.ts';

/** Errors of each version by itself: its name, its deprecation, and what it does not share with all others. */
export function ownVersionsErrors(
  crd: CustomResourceDefinition,
  internal: InternalSpec,
  requirements: SchemaRequirements,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  return internal.versions.flatMap((version, i) => {
    const { name, schema, subresources, additionalPrinterColumns: columns, selectableFields } = version;
    const path = `spec.versions[${i}]`;
    const hasStatus = (subresources ?? internal.subresources)?.status !== undefined;
    const places = {
      path,
      schemaPath: `${path}.schema`,
      withoutSchema: 'may only be set when `version.schema.openAPIV3Schema` is not included',
    };
    return [
      ...labelErrors(name ?? '', `${path}.name`),
      ...deprecationErrors(version, `${path}.deprecationWarning`),
      ...versionPartsErrors(
        { schema, subresources, columns, selectableFields, hasStatus },
        places,
        { ...requirements, suppressCost: isUnchanged(crd, old, name) },
        old,
      ),
    ];
  });
}

/** Errors of what all versions share. */
export function sharedPartsErrors(
  crd: CustomResourceDefinition,
  internal: InternalSpec,
  requirements: SchemaRequirements,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  const { validation, subresources, columns, selectableFields, versions, version } = internal;
  const hasStatus = [subresources, ...versions.map((each) => each.subresources)].some(
    (each) => each?.status !== undefined,
  );
  return versionPartsErrors(
    { schema: validation, subresources, columns, selectableFields, hasStatus },
    {
      path: 'spec',
      schemaPath: 'spec.validation',
      withoutSchema: 'may only be set when validations.schema is included',
    },
    { ...requirements, suppressCost: isUnchanged(crd, old, version) },
    old,
  );
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

/** Errors of all versions together. */
export function versionSetErrors({ versions, version }: InternalSpec): FieldError[] {
  const errors: FieldError[] = [];
  const wrong = (text: string): void => {
    errors.push(invalid('spec.versions', shownVersions(versions), text));
  };
  if (new Set(versions.map(({ name }) => name)).size !== versions.length) {
    wrong('must contain unique version names');
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    wrong('must have exactly one version marked as storage version');
  }
  if (version !== '') errors.push(...labelErrors(version, 'spec.version'));
  return errors;
}

function labelErrors(name: string, field: string): FieldError[] {
  const messages = isDNS1035Label(name);
  return messages.length > 0 ? [invalid(field, name, messages.join(','))] : [];
}

const MAX_WARNING_BYTES = 256;
const NOT_PRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

function deprecationErrors(version: CrdVersion, field: string): FieldError[] {
  const text = version.deprecationWarning;
  if (text === undefined) return [];
  if (!version.deprecated) return [invalid(field, text, 'can only be set for deprecated versions')];
  const details: string[] = [];
  if (Buffer.byteLength(text) > MAX_WARNING_BYTES) details.push('must be <= 256 characters long');
  if (text === '') details.push('must not be an empty string');
  const bad = NOT_PRINTABLE.exec(text);
  if (bad) {
    const index = Buffer.byteLength(text.slice(0, bad.index));
    details.push(
      `must only contain printable UTF-8 characters; non-printable character found at index ${index}`,
    );
  }
  return details.map((detail) => invalid(field, text, detail));
}
