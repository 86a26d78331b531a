import {
  BodySyntaxError,
  bodyFormat,
  type CustomResource,
  checkVersionKind,
  decodeBody,
  decodeCustom,
  decodeProtobuf,
  decodeObject as decodeTyped,
  type ExpectedKind,
  errors,
  type FieldValidation,
  invalid,
  jsonPatchUnknownFields,
  type KubeObject,
  type ParsedBody,
  PROTOBUF_TYPE,
  parseBody,
  StatusError,
  strictErrors,
} from '@sampan/api';
import { deepClone, isObject, type JsonObject } from '@sampan/base';
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
  const { object, problems } = decodeLoose(resource, value as JsonObject, context.fieldValidation);
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
      throw invalidPatch(value, `strict decoding error: ${found.join(', ')}`);
    }
    for (const text of found) context.warn(text);
    resource.definition.rules.setDefaults?.(object);
    return object;
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'BadRequest') throw error;
    throw invalidPatch(value, error.message.replace(/^.* cannot be handled as a .*?: /, ''));
  }
}

/** ` "" is invalid: patch: Invalid value: …`: the patch has no kind of its own (endpoints/handlers/patch.go). */
function invalidPatch(value: JsonObject, detail: string): StatusError {
  return errors.invalid({ group: '', kind: '' }, '', [invalid('patch', JSON.stringify(value), detail)]);
}

function decodeLoose(
  resource: ServedResource,
  value: JsonObject,
  fieldValidation: FieldValidation,
): { object: KubeObject; problems: readonly string[] } {
  if (resource.custom) {
    const decoded = decodeCustom(resource.definition as CustomResource, deepClone(value), {
      fieldValidation: 'Warn',
    });
    return { object: decoded.object, problems: decoded.warnings };
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
  const parsed = parseCustom(resource, bytes, contentType);
  checkCustomVersion(resource, parsed.value);
  const decoded = decodeCustom(resource.definition as CustomResource, parsed.value, {
    fieldValidation: context.fieldValidation,
  });
  for (const text of decoded.warnings) context.warn(text);
  return decoded.object;
}

/** A body of another version is refused before it is read (apiserver endpoints/handlers/create.go). */
function checkCustomVersion(resource: ServedResource, value: JsonObject): void {
  const { apiVersion } = value;
  if (typeof apiVersion !== 'string' || apiVersion === '' || apiVersion === resource.apiVersion) return;
  throw errors.badRequest(
    `the API version in the data (${apiVersion}) does not match the expected API version (${resource.apiVersion})`,
  );
}

function parseCustom(resource: ServedResource, bytes: Uint8Array, contentType: string): ParsedBody {
  try {
    return parseBody(bytes, bodyFormat(contentType));
  } catch (error) {
    if (!(error instanceof BodySyntaxError)) throw error;
    throw errors.badRequest(
      `the object provided is unrecognized (must be of type ${resource.definition.kind}): ${error.message}`,
    );
  }
}

/** A body that is no object of a kind: a patch, options. Throws BadRequest. */
export function parseValue(bytes: Uint8Array, contentType: string): ParsedValue {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  try {
    if (bodyFormat(contentType) === 'yaml' || text.trimStart().startsWith('{')) {
      const { value, duplicates, text: json } = parseBody(bytes, bodyFormat(contentType));
      return { value, strict: duplicates ? duplicatesOf(json) : [] };
    }
    return { value: JSON.parse(text), strict: [] };
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

function duplicatesOf(text: string): string[] {
  return strictErrors(text, { type: 'any' });
}

/** Unknown members of JSON Patch operations. */
export const jsonPatchProblems = (value: unknown): readonly string[] => jsonPatchUnknownFields(value);
