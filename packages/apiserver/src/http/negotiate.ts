import { errors } from '@sampan/api';

/** How an answer is written: the object itself, a Table of it, or its metadata only. */
export interface OutputFormat {
  readonly as: 'Object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  /** The version of meta.k8s.io for the transformed forms. */
  readonly version: 'v1' | 'v1beta1';
  readonly yaml: boolean;
}

export const JSON_OBJECT: OutputFormat = { as: 'Object', version: 'v1', yaml: false };
const YAML_OBJECT: OutputFormat = { as: 'Object', version: 'v1', yaml: true };

interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly q: number;
}

const cache = new Map<string, OutputFormat>();
const CACHE_SIZE = 200;

/** The first acceptable format (RFC 9110 section 12.5.1); throws NotAcceptable. `tables`: there is a table of it. */
export function negotiate(accept: string, tables: boolean): OutputFormat {
  if (accept === '' || accept === 'application/json' || accept === '*/*') return JSON_OBJECT;
  const key = tables ? accept : `-${accept}`;
  let format = cache.get(key);
  if (!format) {
    format = choose(accept, tables);
    if (cache.size < CACHE_SIZE) cache.set(key, format);
  }
  return format;
}

function choose(accept: string, tables: boolean): OutputFormat {
  for (const range of mediaRanges(accept)) {
    const format = formatOf(range, tables);
    if (format) return format;
  }
  throw errors.notAcceptable(
    'only the following media types are accepted: application/json, application/yaml',
  );
}

/** Parsed and sorted by q, stable. */
export function mediaRanges(accept: string): MediaRange[] {
  const ranges = accept.slice(0, 4096).split(',').slice(0, 50).map(mediaRange);
  return ranges.filter((range) => range.q > 0).sort((a, b) => b.q - a.q);
}

function mediaRange(text: string): MediaRange {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const [name = '', value = ''] = part.split('=', 2);
    parameters.set(name.trim().toLowerCase(), value.trim());
  }
  const q = Number(parameters.get('q') ?? '1');
  return { type: type.toLowerCase(), parameters, q: Number.isFinite(q) ? q : 0 };
}

function formatOf({ type, parameters }: MediaRange, tables: boolean): OutputFormat | undefined {
  const yaml = type === 'application/yaml';
  if (!yaml && type !== 'application/json' && type !== '*/*' && type !== 'application/*') return undefined;
  const as = parameters.get('as');
  if (as === undefined || as === '') return yaml ? YAML_OBJECT : JSON_OBJECT;
  const version = parameters.get('v');
  if (parameters.get('g') !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined;
  if (as === 'Table' && !tables) return undefined;
  if (as !== 'Table' && as !== 'PartialObjectMetadata' && as !== 'PartialObjectMetadataList')
    return undefined;
  return { as, version, yaml };
}
