import { deepEqual, isObject } from '@sampan/base';
import { GoStruct } from '../meta/go-quote.ts';
import { canonical } from './canonical.ts';
import type { CrdSpec, CrdVersion, CustomResourceDefinition } from './crd.ts';
import { itemsList, itemsSchema, type JsonSchema, type ValidationRule } from './json-schema.ts';

/**
 * A definition in the form that upstream validates: what all versions have in common is moved to the top, so
 * that errors of a schema of one version are at `spec.validation`, not `spec.versions[0].schema`. Source:
 * apiextensions-apiserver pkg/apis/apiextensions/v1/conversion.go.
 */
export interface InternalSpec {
  readonly spec: CrdSpec;
  readonly versions: readonly CrdVersion[];
  readonly version: string;
  readonly validation: CrdVersion['schema'];
  readonly subresources: CrdVersion['subresources'];
  readonly columns: CrdVersion['additionalPrinterColumns'];
  readonly selectableFields: CrdVersion['selectableFields'];
}

export function internalSpec(crd: CustomResourceDefinition): InternalSpec {
  const { spec } = crd;
  const all = spec.versions ?? [];
  const [first] = all;
  const common = <K extends keyof CrdVersion>(key: K): CrdVersion[K] | undefined =>
    first && all.every((version) => deepEqual(version[key], first[key])) ? first[key] : undefined;
  const validation = common('schema');
  const subresources = common('subresources');
  const columns = common('additionalPrinterColumns');
  const selectableFields = common('selectableFields');
  const versions = all.map((version) => {
    const rest: CrdVersion = { ...version };
    if (validation !== undefined) delete rest.schema;
    if (subresources !== undefined) delete rest.subresources;
    if (columns !== undefined) delete rest.additionalPrinterColumns;
    if (selectableFields !== undefined) delete rest.selectableFields;
    return rest;
  });
  return { spec, versions, version: first?.name ?? '', validation, subresources, columns, selectableFields };
}

/** A rule as messages show it: upstream's internal struct in JSON. */
export function shownRule(rule: ValidationRule): unknown {
  return new GoStruct({
    Rule: rule.rule,
    Message: rule.message ?? '',
    MessageExpression: rule.messageExpression ?? '',
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? '',
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  });
}

export function shownVersions(versions: readonly CrdVersion[]): unknown {
  return versions.map(
    (version) =>
      new GoStruct({
        Name: version.name,
        Served: version.served === true,
        Storage: version.storage === true,
        Deprecated: version.deprecated === true,
        DeprecationWarning: version.deprecationWarning ?? null,
        Schema: version.schema
          ? {
              OpenAPIV3Schema: version.schema.openAPIV3Schema
                ? shownSchema(version.schema.openAPIV3Schema)
                : null,
            }
          : null,
        Subresources: version.subresources
          ? {
              Status: version.subresources.status ? {} : null,
              Scale: version.subresources.scale
                ? {
                    SpecReplicasPath: version.subresources.scale.specReplicasPath,
                    StatusReplicasPath: version.subresources.scale.statusReplicasPath,
                    LabelSelectorPath: version.subresources.scale.labelSelectorPath ?? null,
                  }
                : null,
            }
          : null,
        AdditionalPrinterColumns:
          version.additionalPrinterColumns?.map((column) => ({
            Name: column.name,
            Type: column.type,
            Format: column.format ?? '',
            Description: column.description ?? '',
            Priority: column.priority ?? 0,
            JSONPath: column.jsonPath,
          })) ?? null,
        SelectableFields: version.selectableFields?.map((field) => ({ JSONPath: field.jsonPath })) ?? null,
      }),
  );
}

/** A schema as messages show it: upstream's internal struct in JSON, zero values included. */
export function shownSchema(schema: JsonSchema): unknown {
  const map = (schemas: Readonly<Record<string, JsonSchema>> | undefined): unknown =>
    schemas &&
    Object.fromEntries(
      Object.keys(schemas)
        .sort()
        .map((name) => [name, shownSchema(schemas[name] as JsonSchema)]),
    );
  const list = (schemas: readonly JsonSchema[] | undefined): unknown => schemas?.map(shownSchema) ?? null;
  const orBool = (value: JsonSchema | boolean | undefined): unknown => {
    if (value === undefined) return null;
    return isObject(value)
      ? { Allows: true, Schema: shownSchema(value as JsonSchema) }
      : { Allows: value === true, Schema: null };
  };
  const items = itemsSchema(schema);
  return new GoStruct({
    ID: schema.id ?? '',
    Schema: schema.$schema ?? '',
    Ref: schema.$ref ?? null,
    Description: schema.description ?? '',
    Type: schema.type ?? '',
    Nullable: schema.nullable ?? false,
    Format: schema.format ?? '',
    Title: schema.title ?? '',
    Default: canonical(schema.default ?? null),
    Maximum: schema.maximum ?? null,
    ExclusiveMaximum: schema.exclusiveMaximum ?? false,
    Minimum: schema.minimum ?? null,
    ExclusiveMinimum: schema.exclusiveMinimum ?? false,
    MaxLength: schema.maxLength ?? null,
    MinLength: schema.minLength ?? null,
    Pattern: schema.pattern ?? '',
    MaxItems: schema.maxItems ?? null,
    MinItems: schema.minItems ?? null,
    UniqueItems: schema.uniqueItems ?? false,
    MultipleOf: schema.multipleOf ?? null,
    Enum: schema.enum?.map(canonical) ?? null,
    MaxProperties: schema.maxProperties ?? null,
    MinProperties: schema.minProperties ?? null,
    Required: schema.required ?? null,
    Items:
      schema.items === undefined
        ? null
        : { Schema: items ? shownSchema(items) : null, JSONSchemas: items ? null : list(itemsList(schema)) },
    AllOf: list(schema.allOf),
    OneOf: list(schema.oneOf),
    AnyOf: list(schema.anyOf),
    Not: schema.not ? shownSchema(schema.not) : null,
    Properties: map(schema.properties) ?? null,
    AdditionalProperties: orBool(schema.additionalProperties),
    PatternProperties: map(schema.patternProperties) ?? null,
    Dependencies: null,
    AdditionalItems: orBool(schema.additionalItems),
    Definitions: map(schema.definitions) ?? null,
    ExternalDocs: schema.externalDocs
      ? { Description: schema.externalDocs.description ?? '', URL: schema.externalDocs.url ?? '' }
      : null,
    Example: canonical(schema.example ?? null),
    XPreserveUnknownFields: schema['x-kubernetes-preserve-unknown-fields'] ?? null,
    XEmbeddedResource: schema['x-kubernetes-embedded-resource'] ?? false,
    XIntOrString: schema['x-kubernetes-int-or-string'] ?? false,
    XListMapKeys: schema['x-kubernetes-list-map-keys'] ?? null,
    XListType: schema['x-kubernetes-list-type'] ?? null,
    XMapType: schema['x-kubernetes-map-type'] ?? null,
    XValidations: schema['x-kubernetes-validations']?.map(shownRule) ?? null,
  });
}
