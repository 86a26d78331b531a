import {
  bodyFormat,
  type CustomResource,
  canonical,
  checkVersionKind,
  decodeBody,
  decodeCustom,
  decodeProtobuf,
  decodeObject as decodeTyped,
  duplicateFields,
  type ExpectedKind,
  errors,
  type FieldValidation,
  invalid,
  jsonPatchUnknownFields,
  type KubeObject,
  PROTOBUF_TYPE,
  parseBody,
  parseFor,
  StatusError,
  strictErrors,
  unrecognized,
} from '@sampan/api';
import { deepClone, isObject, type JsonObject, parseExactJson } from '@sampan/base';
import type { RequestContext } from './request-context.ts';
import type { ServedResource } from './served-resource.ts';

/** Decodes the body of a create or update and fills its defaults. */
export function decodeRequest(
  resource: ServedResource,
  bytes: Uint8Array,
  contentType: string,
  context: RequestContext,
): KubeObject {
  if (resource.custom) return decodeCustomBody(resource, bytes, contentType, context);
  if (contentType.startsWith(PROTOBUF_TYPE)) return decodeProtobufBody(resource, bytes);
  const { object, warnings } = decodeBody(bytes, contentType, resource.definition, context.fieldValidation);
  for (const text of warnings) context.warn(text);
  resource.definition.rules.setDefaults?.(object);
  return object;
}

/** Protobuf has no unknown fields to tell of: numbers that are not known are skipped. */
function decodeProtobufBody(resource: ServedResource, bytes: Uint8Array): KubeObject {
  const { definition } = resource;
  const value = decodeProtobuf(bytes, definition.kind, definition.schema) as JsonObject;
  checkVersionKind(value, definition, bytes);
  const { object } = decodeTyped(value, definition);
  definition.rules.setDefaults?.(object);
  return object;
}

/** An object of a caller in this process, which may be frozen and stays as it is. */
export function decodeValue(resource: ServedResource, value: object, context: RequestContext): KubeObject {
  const { object } = decodeLoose(resource, value as JsonObject, context.fieldValidation);
  resource.definition.rules.setDefaults?.(object);
  return object;
}

/** The result of server-side apply, which has been checked against the type already. */
export function decodeApplied(
  resource: ServedResource,
  value: JsonObject | KubeObject,
  context: RequestContext,
): KubeObject {
  // it was no body: nulls in it are values for the schema to judge
  const { object, problems } = decodeLoose(resource, value as JsonObject, context.fieldValidation, true);
  if (context.fieldValidation === 'Warn') for (const text of problems) context.warn(text);
  resource.definition.rules.setDefaults?.(object);
  return object;
}

/** The result of a patch as an object of the kind; `strict`: problems that the patch itself had. */
export function decodePatched(
  resource: ServedResource,
  value: unknown,
  strict: readonly string[],
  context: RequestContext,
): KubeObject {
  if (!isObject(value)) throw errors.badRequest('the patched value is not an object');
  try {
    const { object, problems } = decodeLoose(resource, value, context.fieldValidation);
    const found = context.fieldValidation === 'Ignore' ? [] : [...strict, ...problems];
    if (found.length > 0 && context.fieldValidation === 'Strict') {
      throw invalidPatch(resource, value, `strict decoding error: ${found.join(', ')}`);
    }
    for (const text of found) context.warn(text);
    resource.definition.rules.setDefaults?.(object);
    return object;
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'BadRequest') throw error;
    throw invalidPatch(resource, value, error.message.replace(/^.* cannot be handled as a .*?: /, ''));
  }
}

/** ` "" is invalid: patch: Invalid value: …`: the patch has no kind of its own (endpoints/handlers/patch.go). */
function invalidPatch(resource: ServedResource, value: JsonObject, detail: string): StatusError {
  // custom objects are maps to upstream, whose keys it writes sorted
  const text = JSON.stringify(resource.custom ? canonical(value) : value);
  return errors.invalid({ group: '', kind: '' }, '', [invalid('patch', text, detail)]);
}

function decodeLoose(
  resource: ServedResource,
  value: JsonObject,
  fieldValidation: FieldValidation,
  keepNulls = false,
): { object: KubeObject; problems: readonly string[] } {
  if (resource.custom) {
    const decoded = decodeCustom(resource.definition as CustomResource, deepClone(value), {
      fieldValidation: 'Warn',
      keepNulls,
    });
    return { object: withMetadata(decoded.object), problems: decoded.warnings };
  }
  const expected: ExpectedKind = resource.definition;
  const { object, unknown } = decodeTyped(value, expected);
  const problems =
    unknown && fieldValidation !== 'Ignore' ? strictErrors(JSON.stringify(value), expected.schema) : [];
  return { object, problems };
}

function decodeCustomBody(
  resource: ServedResource,
  bytes: Uint8Array,
  contentType: string,
  context: RequestContext,
): KubeObject {
  const parsed = parseFor(bytes, contentType, resource.definition.kind);
  checkCustomKind(resource, parsed.value, bytes);
  const decoded = decodeCustom(resource.definition as CustomResource, parsed.value, {
    fieldValidation: context.fieldValidation,
    strictErrors: [...(parsed.yamlErrors ?? []), ...(parsed.duplicates ? duplicateFields(parsed.text) : [])],
  });
  for (const text of decoded.warnings) context.warn(text);
  return withMetadata(decoded.object);
}

/**
 * A body without a kind, or of another version, is refused before it is read (apimachinery
 * runtime/serializer/json, apiserver endpoints/handlers/create.go). Values of other types are refused by decoding.
 */
function checkCustomKind(resource: ServedResource, value: JsonObject, bytes: Uint8Array): void {
  const { kind = '', apiVersion = '' } = value;
  if (kind === '' || kind === null) {
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    throw unrecognized(resource.definition.kind, `Object 'Kind' is missing in '${body}'`, bytes);
  }
  const given = apiVersion ?? '';
  if (typeof given !== 'string' || given === resource.apiVersion) return;
  throw errors.badRequest(
    `the API version in the data (${given}) does not match the expected API version (${resource.apiVersion})`,
  );
}

/** A body that is no object of a kind: a patch, options. Throws BadRequest. */
export function parseValue(bytes: Uint8Array, contentType: string): ParsedValue {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  try {
    if (bodyFormat(contentType) === 'yaml' || text.trimStart().startsWith('{')) {
      const { value, duplicates, text: json } = parseBody(bytes, bodyFormat(contentType));
      return { value, strict: duplicates ? duplicateFields(json) : [] };
    }
    return { value: parseExactJson(text), strict: [] };
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw errors.badRequest(`error decoding patch: ${(error as Error).message}`);
  }
}

export interface ParsedValue {
  readonly value: unknown;
  /** Duplicate fields, as strict decoding tells them. */
  readonly strict: readonly string[];
}

/** Unknown members of JSON Patch operations. */
export const jsonPatchProblems = (value: unknown): readonly string[] => jsonPatchUnknownFields(value);

/** A custom object may come without metadata, where decoding of a built-in one makes it. */
function withMetadata(object: KubeObject): KubeObject {
  object.metadata ??= {};
  return object;
}
