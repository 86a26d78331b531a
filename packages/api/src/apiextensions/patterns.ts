import { RE2JS } from 're2js';

/** Longest pattern that is compiled; a CRD's whole schema is at most 1.5 MiB, a pattern hardly ever 1 KiB. */
export const MAX_PATTERN_LENGTH = 16 * 1024;

/** A regular expression of a user: RE2 syntax, matched in time linear in the input. */
export interface Pattern {
  readonly source: string;
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

/** Compiles a pattern or throws PatternError; results are cached. */
export function compilePattern(source: string): Pattern {
  const known = cache.get(source);
  if (known !== undefined) {
    if (known instanceof PatternError) throw known;
    return known;
  }
  const made = make(source);
  if (cache.size >= CACHE_SIZE) {
    const oldest = cache.keys().next();
    if (!oldest.done) cache.delete(oldest.value);
  }
  cache.set(source, made);
  if (made instanceof PatternError) throw made;
  return made;
}

function make(source: string): Pattern | PatternError {
  if (source.length > MAX_PATTERN_LENGTH) {
    return new PatternError(`expression is longer than ${MAX_PATTERN_LENGTH} characters`);
  }
  try {
    return wrap(source, RE2JS.compile(source));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return new PatternError(message.replace(/^error parsing regexp: /, 'error parsing regexp: '));
  }
}

function wrap(source: string, re: RE2JS): Pattern {
  return {
    source,
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
