import { RE2JS } from 're2js';

/** Longest pattern that is compiled; a CRD's whole schema is at most 1.5 MiB, a pattern hardly ever 1 KiB. */
export const MAX_PATTERN_LENGTH = 16 * 1024;

/** Most states that a pattern may have once its repetitions are written out: compiling costs time and memory. */
export const MAX_PATTERN_WEIGHT = 20_000;

/** A regular expression of a user: RE2 syntax, matched in time linear in the input. */
export interface Pattern {
  readonly source: string;
  /** About how many steps a search of the text takes, of up to 0.1 µs: a search cannot be broken off. */
  steps(text: string): number;
  /** Is there a match anywhere in the text? */
  test(text: string): boolean;
  /** The first match, or undefined. */
  find(text: string): string | undefined;
  /** Up to `limit` matches from the left; all when the limit is negative. */
  findAll(text: string, limit: number): string[];
  /** Every match replaced by a fixed text. */
  replaceAll(text: string, replacement: string): string;
}

/** What is wrong with a pattern, in Go's words as far as re2js has them. */
export class PatternError extends Error {
  readonly code = 'pattern-invalid';
}

const cache = new Map<string, Pattern | PatternError>();
const CACHE_SIZE = 2_000;
/** Weight of all compiled patterns that are kept. */
const CACHE_WEIGHT = 500_000;
let cachedWeight = 0;

/** Is the pattern compiled already? */
export const isCompiled = (source: string): boolean => cache.has(source);

/**
 * About how many states a pattern has: its characters, and groups as often as they are repeated. In one pass,
 * without judging the syntax.
 */
export function patternWeight(source: string): number {
  const groups: number[] = [0];
  let last = 0;
  const add = (size: number): void => {
    last = size;
    groups[groups.length - 1] = (groups.at(-1) ?? 0) + size;
  };
  for (let i = 0; i < source.length; i++) {
    const c = source[i];
    if (c === '\\') {
      i++;
      add(2);
    } else if (c === '[') {
      const end = source.indexOf(']', i + 2);
      add(2);
      i = end < 0 ? source.length : end;
    } else if (c === '(') {
      groups.push(1);
    } else if (c === ')' && groups.length > 1) {
      add(groups.pop() ?? 0);
    } else if (c === '{') {
      const repeat = /^\{(\d{1,6})(,(\d{0,6}))?\}/.exec(source.slice(i, i + 16));
      if (!repeat) {
        add(1);
        continue;
      }
      const times = Math.max(1, Number(repeat[1]), Number(repeat[3] ?? 0));
      const before = last;
      groups[groups.length - 1] = (groups.at(-1) ?? 0) + before * (times - 1);
      last = before * times;
      i += repeat[0].length - 1;
    } else {
      add(1);
    }
  }
  return groups.reduce((sum, size) => sum + size, 0);
}

/** Compiles a pattern or throws PatternError; results are cached. */
export function compilePattern(source: string): Pattern {
  const known = cache.get(source);
  if (known !== undefined) {
    if (known instanceof PatternError) throw known;
    return known;
  }
  const made = make(source);
  const weight = patternWeight(source);
  cachedWeight += weight;
  for (const oldest of cache.keys()) {
    if (cache.size < CACHE_SIZE && cachedWeight <= CACHE_WEIGHT) break;
    cache.delete(oldest);
    cachedWeight -= patternWeight(oldest);
  }
  cache.set(source, made);
  if (made instanceof PatternError) throw made;
  return made;
}

function make(source: string): Pattern | PatternError {
  if (source.length > MAX_PATTERN_LENGTH) {
    return new PatternError(`expression is longer than ${MAX_PATTERN_LENGTH} characters`);
  }
  if (patternWeight(source) > MAX_PATTERN_WEIGHT) {
    return new PatternError(`expression repeats too much: more than ${MAX_PATTERN_WEIGHT} states`);
  }
  try {
    return wrap(source, RE2JS.compile(source));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return new PatternError(message);
  }
}

function wrap(source: string, re: RE2JS): Pattern {
  const weight = patternWeight(source);
  return {
    source,
    steps: (text) => text.length * weight,
    test: (text) => re.matcher(text).find(),
    find(text) {
      const matcher = re.matcher(text);
      return matcher.find() ? (matcher.group() ?? '') : undefined;
    },
    findAll(text, limit) {
      const found: string[] = [];
      const matcher = re.matcher(text);
      while ((limit < 0 || found.length < limit) && matcher.find()) found.push(matcher.group() ?? '');
      return found;
    },
    replaceAll: (text, replacement) => re.matcher(text).replaceAll(RE2JS.quoteReplacement(replacement)),
  };
}
