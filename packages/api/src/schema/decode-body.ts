import { apiVersionOf, type KubeObject, parseApiVersion } from '../meta/object.ts';
import { errors, type StatusError } from '../meta/status.ts';
import { decode, Mismatch } from './decode.ts';
import { explainMismatch } from './explain-mismatch.ts';
import { BodySyntaxError, bodyFormat, type ParsedBody, parseBody } from './parse-body.ts';
import { strictErrors } from './strict-errors.ts';
import { shortName, table } from './table.ts';
import type { StructType } from './type-schema.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** The kind that a request must carry. */
export interface ExpectedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly schema: StructType;
  /** Other apiVersions that the body may say, of types with the same fields (`policy/v1beta1` evictions). */
  readonly accepts?: readonly string[];
}

export interface DecodedBody {
  /** Normalized and mutable, with `apiVersion` and `kind`. */
  readonly object: KubeObject;
  /** For `Warning` headers. */
  readonly warnings: readonly string[];
}

/**
 * Reads a request body as an object of the kind: parse, check of apiVersion and kind (absent ones are taken
 * from the request), decode. Throws BadRequest and UnsupportedMediaType StatusErrors with upstream's texts
 * (apiserver pkg/endpoints/handlers, transformDecodeError).
 */
export function decodeBody(
  body: Uint8Array | string,
  contentType: string | undefined,
  expected: ExpectedKind,
  fieldValidation: FieldValidation,
): DecodedBody {
  const parsed = parseFor(body, contentType, expected.kind);
  checkVersionKind(parsed.value, expected, body);
  return decodeParsed(parsed, expected, fieldValidation);
}

/** `parseBody` with upstream's error for an object that must be of `kind`. */
export function parseFor(
  body: Uint8Array | string,
  contentType: string | undefined,
  kind: string,
): ParsedBody {
  const format = bodyFormat(contentType, ['application/vnd.kubernetes.protobuf']);
  try {
    return parseBody(body, format);
  } catch (error) {
    if (!(error instanceof BodySyntaxError)) throw error;
    const frame = format === 'json' ? "couldn't get version/kind; json parse error: " : '';
    throw unrecognized(kind, `${frame}${error.message}`, body);
  }
}

/** Decodes a parsed body whose apiVersion and kind have been checked. */
export function decodeParsed(
  parsed: ParsedBody,
  expected: ExpectedKind,
  fieldValidation: FieldValidation,
): DecodedBody {
  const { object, unknown } = decodeObject(parsed.value, expected);
  if (fieldValidation === 'Ignore' || !(unknown || parsed.duplicates || parsed.yamlErrors)) {
    return { object, warnings: [] };
  }
  const found = [...(parsed.yamlErrors ?? []), ...strictErrors(parsed.text, expected.schema)];
  if (found.length === 0) return { object, warnings: [] };
  if (fieldValidation === 'Warn') return { object, warnings: found };
  throw cannotBeHandled(expected, expected.kind, `strict decoding error: ${found.join(', ')}`);
}

/** Decodes a value, for example the result of a patch. `unknown`: fields were dropped. */
export function decodeObject(
  value: Readonly<Record<string, unknown>>,
  expected: ExpectedKind,
): { object: KubeObject; unknown: boolean } {
  try {
    const decoded = decode(expected.schema, value);
    const object = decoded.value as KubeObject;
    object.kind = expected.kind;
    object.apiVersion = apiVersionOf(expected);
    return { object, unknown: decoded.unknown };
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    throw cannotBeHandled(expected, expected.kind, explainMismatch(expected.schema, value) ?? error.message);
  }
}

/** Throws when the body says that it is of another version or kind. */
export function checkVersionKind(
  value: Readonly<Record<string, unknown>>,
  expected: ExpectedKind,
  body: Uint8Array | string,
): void {
  const apiVersion = stringField(value, 'apiVersion', expected, body);
  const kind = stringField(value, 'kind', expected, body);
  if (apiVersion.split('/').length > 2) {
    throw unrecognized(expected.kind, `unexpected GroupVersion string: ${apiVersion}`, body);
  }
  const given = {
    ...(apiVersion === '' || apiVersion === '/' ? expected : parseApiVersion(apiVersion)),
    kind: kind || expected.kind,
  };
  if (given.version === '') given.version = expected.version;
  const same = given.group === expected.group && given.version === expected.version;
  if ((same || expected.accepts?.includes(apiVersion)) && given.kind === expected.kind) return;
  throw otherKind(given, expected, same);
}

function otherKind(
  given: { group: string; version: string; kind: string },
  expected: ExpectedKind,
  same: boolean,
): StatusError {
  const version = apiVersionOf(given);
  if (!isRegistered(given)) {
    return cannotBeHandled(
      given,
      expected.kind,
      `no kind ${JSON.stringify(given.kind)} is registered for version ${JSON.stringify(version)} in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"`,
    );
  }
  if (given.kind !== expected.kind || (!same && given.group !== expected.group)) {
    const to = shortName(expected.schema.name ?? '').split('.')[0];
    return cannotBeHandled(
      given,
      expected.kind,
      `converting (${given.version}.${given.kind}) to (${to}.${expected.kind}): unknown conversion`,
    );
  }
  return errors.badRequest(
    `the API version in the data (${version}) does not match the expected API version (${apiVersionOf(expected)})`,
  );
}

/** Is there a built-in kind of this name? */
function isRegistered(given: { group: string; version: string; kind: string }): boolean {
  return Object.hasOwn(table.structs, `${packageOf(given.group)}.${given.version}.${given.kind}`);
}

/** The Go package of a group: the first label of its name, with two exceptions. */
function packageOf(group: string): string {
  if (group === '') return 'core';
  return group === 'rbac.authorization.k8s.io' ? 'rbac' : (group.split('.')[0] ?? '');
}

function stringField(
  value: Readonly<Record<string, unknown>>,
  field: string,
  expected: ExpectedKind,
  body: Uint8Array | string,
): string {
  const found = Object.hasOwn(value, field) ? value[field] : undefined;
  if (found === undefined || found === null) return '';
  if (typeof found === 'string') return found;
  const type = Array.isArray(found) ? 'array' : typeof found === 'boolean' ? 'bool' : typeof found;
  throw unrecognized(
    expected.kind,
    `couldn't get version/kind; json parse error: json: cannot unmarshal ${type} into Go struct field .${field} of type string`,
    body,
  );
}

function cannotBeHandled(given: { version: string; kind: string }, kind: string, why: string): StatusError {
  return errors.badRequest(
    `${given.kind} in version ${JSON.stringify(given.version)} cannot be handled as a ${kind}: ${why}`,
  );
}

/** The error for a body that says of no type to be one (apiserver endpoints/handlers/rest.go transformDecodeError). */
export function unrecognized(kind: string, why: string, body: Uint8Array | string): StatusError {
  return errors.badRequest(
    `the object provided is unrecognized (must be of type ${kind}): ${why} (${summary(body)})`,
  );
}

const SUMMARY_BYTES = 30;

/** The beginning of the body: as text when it looks like JSON, else in hexadecimal. */
function summary(body: Uint8Array | string): string {
  const bytes = Buffer.from(body as Uint8Array);
  if (bytes.length === 0) return '<empty>';
  const shown = bytes.subarray(0, SUMMARY_BYTES);
  const more = bytes.length > SUMMARY_BYTES ? ' ...' : '';
  return `${bytes[0] === 0x7b ? shown.toString('utf8') : shown.toString('hex')}${more}`;
}
