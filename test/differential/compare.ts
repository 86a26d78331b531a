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
  const managers = path.endsWith('/managedFields');
  const causes = path.endsWith('/details/causes');
  const ours = managers
    ? byManager(tellsSubresources(expected) ? actual : joined(actual))
    : causes
      ? distinct(actual)
      : actual;
  const theirs = managers ? byManager(expected) : causes ? distinct(expected) : expected;
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
    compareValues(`${path}/${key.replaceAll('/', '~1')}`, own(theirs, key), own(ours, key), found);
  }
}

/** managedFields compare by manager: the key is `OPERATION MANAGER VERSION SUBRESOURCE`. */
function byManager(entries: Container): Container {
  const keyed: Record<string, Json> = {};
  for (const entry of Object.values(entries)) {
    const { operation, manager, apiVersion, subresource } = entry as Container;
    const key = [operation, manager, apiVersion, subresource ?? ''].join(' ');
    // a manager may be there twice, at different times
    keyed[Object.hasOwn(keyed, key) ? `${key} again` : key] = entry;
  }
  return keyed;
}

/** Before 1.22 a manager had one entry for the object and its subresources. */
function tellsSubresources(entries: Container): boolean {
  return Object.values(entries).some((entry) => own(entry as Container, 'subresource') !== undefined);
}

/** Entries of one manager joined, whatever the subresource. */
function joined(entries: Container): Container {
  const found = new Map<string, Json>();
  for (const entry of Object.values(entries)) {
    const { subresource: _, ...rest } = entry as Container;
    const key = JSON.stringify([rest.operation, rest.manager, rest.apiVersion]);
    found.set(key, union(found.get(key) ?? {}, rest));
  }
  return Object.fromEntries([...found.values()].entries());
}

function union(a: Json, b: Json): Json {
  if (!isContainer(a) || !isContainer(b)) return b;
  const result: Record<string, Json> = { ...a };
  for (const key of Object.keys(b)) result[key] = union(own(a, key) ?? {}, own(b, key) ?? {});
  return result;
}

/** Causes are a set: upstream names some again, for each of its checks that found them. */
function distinct(causes: Container): Container {
  const found = new Map(Object.values(causes).map((cause) => [JSON.stringify(cause), cause]));
  return Object.fromEntries([...found.values()].entries());
}

type Container = { readonly [key: string]: Json };

function isContainer(value: Json | undefined): value is Container {
  return typeof value === 'object' && value !== null;
}

function own(container: Container, key: string): Json | undefined {
  return Object.hasOwn(container, key) ? container[key] : undefined;
}

/** Whether `path` is matched by `pattern`: `*` stands for any text in one part and `**` for any number of parts. */
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
  return head !== undefined && matchesText(first, head) && matchParts(rest, tail);
}

/** `pattern` with `*` for any text. */
export function matchesText(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const [index, part] of rest.entries()) {
    const last = index === rest.length - 1;
    const found = last ? text.length - part.length : text.indexOf(part, at);
    if (found < at || !text.startsWith(part, found)) return false;
    at = found + part.length;
  }
  return at === text.length;
}
