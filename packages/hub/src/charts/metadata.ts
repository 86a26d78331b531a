import { isJsonObject, type JsonObject } from '../manifests/descriptor.ts';

/** What a chart says of itself (Chart.yaml), as far as Helm's index has a place for it. */
export interface ChartMetadata {
  readonly name: string;
  readonly version: string;
  readonly fields: JsonObject;
}

type Check = (value: unknown) => unknown;

/** More is cut off: an index is read whole by every client. */
const MAX_TEXT = 16_384;
const MAX_ENTRIES = 1000;

const text: Check = (value) =>
  typeof value === 'string' ? value.slice(0, MAX_TEXT).toWellFormed() : undefined;
/** YAML takes `1.0` for a number, and so do charts that forget the quotes. */
const loose: Check = (value) => text(typeof value === 'number' ? String(value) : value);
const flag: Check = (value) => (typeof value === 'boolean' ? value : undefined);
const anything: Check = (value) => value ?? undefined;

const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value)
      ? value.slice(0, MAX_ENTRIES).flatMap((entry) => {
          const checked = check(entry);
          return checked === undefined ? [] : [checked];
        })
      : undefined;

const objectOf =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isJsonObject(value) ? pick(value, fields) : undefined;

const texts: Check = (value) =>
  isJsonObject(value)
    ? Object.fromEntries(
        Object.entries(value)
          .slice(0, MAX_ENTRIES)
          .flatMap(([key, entry]) => (typeof entry === 'string' ? [[key.toWellFormed(), text(entry)]] : [])),
      )
    : undefined;

/**
 * The fields of Chart.yaml that Helm reads in an index, and their types (Helm, "The Chart.yaml file"). One of another
 * type would make the whole index unreadable, so it is left out.
 */
const FIELDS: Readonly<Record<string, Check>> = {
  apiVersion: text,
  name: text,
  version: text,
  kubeVersion: text,
  description: text,
  type: text,
  keywords: listOf(text),
  home: text,
  sources: listOf(text),
  dependencies: listOf(
    objectOf({
      name: text,
      version: text,
      repository: text,
      condition: text,
      tags: listOf(text),
      enabled: flag,
      'import-values': listOf(anything),
      alias: text,
    }),
  ),
  maintainers: listOf(objectOf({ name: text, email: text, url: text })),
  icon: text,
  appVersion: loose,
  deprecated: flag,
  annotations: texts,
};

function pick(from: JsonObject, fields: Readonly<Record<string, Check>>): JsonObject {
  const found = Object.entries(fields).flatMap(([key, check]) => {
    const value = Object.hasOwn(from, key) ? check(from[key]) : undefined;
    return value === undefined ? [] : [[key, value]];
  });
  return Object.fromEntries(found);
}

/** Names that are a segment of a URL and of a repository; Helm itself also takes capitals. */
const NAME = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/;
const MAX_NAME = 250;

/** Semantic Versioning 2.0.0; Helm takes what lacks the last numbers, or begins with a v, too. */
const VERSION = /^v?\d+(?:\.\d+){0,2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;
const MAX_VERSION = 128;

/** Reads what Chart.yaml has, or the config of a chart in a registry; a sentence that says why it is not one. */
export function readMetadata(value: unknown): ChartMetadata | string {
  if (!isJsonObject(value)) return 'Chart.yaml is not an object';
  const { name, version } = value;
  if (typeof name !== 'string' || name.length > MAX_NAME || !NAME.test(name)) {
    return 'the name in Chart.yaml is not one of lower-case letters, digits, ".", "_" and "-"';
  }
  if (typeof version !== 'string' || version.length > MAX_VERSION || !VERSION.test(version)) {
    return 'the version in Chart.yaml is not a semantic version';
  }
  return { name, version, fields: pick(value, FIELDS) };
}

/** A tag has no plus sign: Helm writes an underscore. */
export const tagOfVersion = (version: string): string => version.replaceAll('+', '_');
