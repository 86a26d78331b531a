/** What differs between two answers, as paths such as `/body/spec/ports/0/name`. */
import type { Answer, Json } from './step.ts';

/** One place where the answers differ; an absent value is `undefined`. */
export interface Difference {
  readonly path: string;
  readonly expected: Json | undefined;
  readonly actual: Json | undefined;
}

export function compareAnswers(expected: Answer, actual: Answer): Difference[] {
  const found: Difference[] = [];
  compareValues('', expected as unknown as Json, actual as unknown as Json, found);
  return found;
}

function compareValues(
  path: string,
  expected: Json | undefined,
  actual: Json | undefined,
  found: Difference[],
) {
  if (expected === actual) return;
  const both = isContainer(expected) && isContainer(actual);
  if (!both || Array.isArray(expected) !== Array.isArray(actual)) {
    found.push({ path, expected, actual });
    return;
  }
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    compareValues(`${path}/${key.replaceAll('/', '~1')}`, own(expected, key), own(actual, key), found);
  }
}

type Container = { readonly [key: string]: Json };

function isContainer(value: Json | undefined): value is Container {
  return typeof value === 'object' && value !== null;
}

function own(container: Container, key: string): Json | undefined {
  return Object.hasOwn(container, key) ? container[key] : undefined;
}

/** Whether `path` is matched by `pattern`, in which `*` stands for one part and `**` for any number. */
export function matchesPath(pattern: string, path: string): boolean {
  return matchParts(pattern.split('/'), path.split('/'));
}

function matchParts(pattern: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return path.length === 0;
  if (first === '**') {
    for (let skip = 0; skip <= path.length; skip++) if (matchParts(rest, path.slice(skip))) return true;
    return false;
  }
  const [head, ...tail] = path;
  return head !== undefined && (first === '*' || first === head) && matchParts(rest, tail);
}
