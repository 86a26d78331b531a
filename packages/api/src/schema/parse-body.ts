import { isObject, type JsonObject, parseExactJson, setOwn } from '@sampan/base';
import { type Document, isScalar, parseDocument, visit } from 'yaml';
import { errors } from '../meta/status.ts';
import { jsonSyntaxError } from './json-syntax-error.ts';
import { yamlErrorText } from './yaml-error.ts';

/** How deep a body may nest. Go's JSON allows 10,000; nothing real comes near this, and our walks recurse. */
export const MAX_BODY_DEPTH = 500;
/** YAML costs far more than JSON to read. */
export const MAX_YAML_BYTES = 1024 * 1024;
/** How often the contents of one anchor may be repeated. */
const MAX_YAML_ALIASES = 100;

export interface ParsedBody {
  /** The object, with keys in the order of the text. */
  readonly value: JsonObject;
  /** The JSON text (of YAML: written anew), for `strictErrors`. */
  readonly text: string;
  /** Some object of the text has a key twice; the last one is in `value`. */
  readonly duplicates: boolean;
  /** What YAML has to complain about duplicate keys. */
  readonly yamlErrors?: readonly string[];
}

/** The parse failed; `message` is Go's text without a frame. */
export class BodySyntaxError extends Error {}

export type BodyFormat = 'json' | 'yaml';

/**
 * The format by Content-Type (absent: JSON). `alsoAccepted` are named by the error, the caller reads them. Throws an UnsupportedMediaType StatusError for protobuf, CBOR
 * and everything else.
 */
export function bodyFormat(
  contentType: string | undefined,
  alsoAccepted: readonly string[] = [],
): BodyFormat {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === '' || type === 'application/json') return 'json';
  if (type === 'application/yaml') return 'yaml';
  throw errors.unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${['application/json', 'application/yaml', ...alsoAccepted].join(', ')}`,
  );
}

/** Parses a body that must be an object (`null` is an empty one). Throws `BodySyntaxError`. */
export function parseBody(body: Uint8Array | string, format: BodyFormat): ParsedBody {
  const text =
    typeof body === 'string'
      ? body
      : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  return format === 'yaml' ? parseYamlBody(text) : parseJsonBody(text);
}

function parseJsonBody(text: string): ParsedBody {
  const keys = prescan(text);
  let value: unknown;
  try {
    value = parseExactJson(text);
  } catch {
    throw new BodySyntaxError(jsonSyntaxError(text));
  }
  const object = asObject(HALF_PAIR.test(text) ? wellFormed(value) : value);
  return { value: object, text, duplicates: keys !== countKeys(object) };
}

/** The escape of one half of a surrogate pair; the other may be missing. */
const HALF_PAIR = /\\u[dD][89a-fA-F]/;

/** Half pairs become U+FFFD, as Go's decoding makes them: they cannot be written as UTF-8. */
function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (!isObject(value)) return value;
  const copy: JsonObject = {};
  for (const [key, inner] of Object.entries(value)) setOwn(copy, key.toWellFormed(), wellFormed(inner));
  return copy;
}

/** What json.Unmarshal says of a body that is no object, into the struct that looks for version and kind. */
const META_STRUCT =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

function asObject(value: unknown): JsonObject {
  if (value === null || value === undefined) return {};
  if (isObject(value)) return value;
  const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  throw new BodySyntaxError(`json: cannot unmarshal ${type} into Go value of type ${META_STRUCT}`);
}

/** The keys of a JSON text, or of what may be one: its colons outside strings. Limits its depth. One pass, linear. */
function prescan(text: string): number {
  let keys = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) at = endOfString(text, at);
    else if (code === 0x3a) keys++;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > MAX_BODY_DEPTH) throw new BodySyntaxError('exceeded max depth');
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return keys;
}

/** The index of the closing quote of the string that opens at `start`; the text's end when there is none. */
function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (quote >= 0) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return quote;
    quote = text.indexOf('"', quote + 1);
  }
  return text.length;
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') count += countKeys(item);
    return count;
  }
  for (const key in value) {
    count++;
    const inner = (value as Record<string, unknown>)[key];
    if (typeof inner === 'object') count += countKeys(inner);
  }
  return count;
}

/** YAML 1.1 types that sigs.k8s.io/yaml does not have: their texts stay strings. */
const FOREIGN_TAGS = /timestamp|binary|omap|pairs|set/;

function parseYamlBody(text: string): ParsedBody {
  if (text.length > MAX_YAML_BYTES) {
    throw errors.tooLarge(`limit is ${MAX_YAML_BYTES} for YAML; send JSON instead`);
  }
  limitYamlDepth(text);
  const { value, twice } = readYaml(text);
  const plain = JSON.stringify(value ?? null);
  prescan(plain);
  return {
    value: asObject(JSON.parse(plain)),
    text: plain,
    duplicates: false,
    ...(twice.length === 0 ? {} : { yamlErrors: [`yaml: unmarshal errors:\n${twice.join('\n')}`] }),
  };
}

/** The value, and what go-yaml says of keys that a map has twice. */
function readYaml(text: string): { value: unknown; twice: string[] } {
  const document = parseDocument(text, {
    version: '1.1',
    merge: true,
    // The parser's own check of keys is quadratic.
    uniqueKeys: false,
    logLevel: 'error',
    customTags: (tags) =>
      tags.filter((tag) => typeof tag === 'object' && !FOREIGN_TAGS.test(tag.tag) && tag.format !== 'TIME'),
  });
  const error = document.errors[0];
  if (error) throw yamlError(error);
  const twice = inspect(document, text);
  try {
    return { value: document.toJS({ maxAliasCount: MAX_YAML_ALIASES }), twice };
  } catch (thrown) {
    throw yamlError(thrown);
  }
}

const MOST_YAML_ERRORS = 100;
const MOST_YAML_ALIASES = 500;

/** Finds keys that are there twice; limits the aliases, each of which costs a search of the document. */
function inspect(document: Document.Parsed, text: string): string[] {
  const found: string[] = [];
  let aliases = 0;
  visit(document, {
    Alias() {
      if (++aliases > MOST_YAML_ALIASES) throw new BodySyntaxError('yaml: document has too many aliases');
    },
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name) && found.length < MOST_YAML_ERRORS) {
          const line = text.slice(0, key.range?.[0]).split('\n').length;
          found.push(`  line ${line}: key ${JSON.stringify(name)} already set in map`);
        }
        seen.add(name);
      }
    },
  });
  return found;
}

/** The YAML parser recurses: refuse what would be too deep for it by brackets or by indentation. */
function limitYamlDepth(text: string): void {
  let depth = 0;
  let lineStart = true;
  let indent = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x0a) {
      lineStart = true;
      indent = 0;
    } else if (lineStart && (code === 0x20 || code === 0x2d || code === 0x3f)) {
      if (++indent > MAX_BODY_DEPTH * 2) throw new BodySyntaxError('yaml: exceeded max depth');
    } else {
      lineStart = false;
      if (code === 0x5b || code === 0x7b) depth++;
      else if (code === 0x5d || code === 0x7d) depth = Math.max(0, depth - 1);
      if (depth > MAX_BODY_DEPTH) throw new BodySyntaxError('yaml: exceeded max depth');
    }
  }
}

function yamlError(error: unknown): BodySyntaxError {
  return new BodySyntaxError(yamlErrorText(error));
}
