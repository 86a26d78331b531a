import { isObject } from '@sampan/base';

/** A step of a path: takes the values so far, gives the next ones. */
type Step = (values: readonly unknown[]) => unknown[];

/** A JSONPath expression that cannot be read; upstream refuses the column as unrecognized. */
export class JsonPathError extends Error {
  readonly code = 'json-path-invalid';
}

/** Results of recursive descent and wildcards beyond this many are dropped: a cell shows the first. */
const MAX_RESULTS = 10_000;

/**
 * Reads kubectl's JSONPath without the braces (`.spec.a['b.c'][0].list[?(@.type=="Ready")].status`) once and
 * returns the function that finds the values; missing keys give none. Source: client-go util/jsonpath.
 */
export function parseJsonPath(text: string): (root: unknown) => unknown[] {
  const steps = new PathReader(text).read();
  return (root) => steps.reduce<readonly unknown[]>((values, step) => step(values), [root]) as unknown[];
}

const child =
  (name: string): Step =>
  (values) => {
    const found: unknown[] = [];
    for (const value of values) if (isObject(value) && Object.hasOwn(value, name)) found.push(value[name]);
    return found;
  };

const childrenOf = (value: unknown): unknown[] =>
  Array.isArray(value)
    ? value
    : isObject(value)
      ? Object.keys(value)
          .sort()
          .map((key) => value[key])
      : [];

const wildcard: Step = (values) => values.flatMap(childrenOf).slice(0, MAX_RESULTS);

const descend: Step = (values) => {
  const found: unknown[] = [];
  const visit = (value: unknown): void => {
    if (found.length >= MAX_RESULTS) return;
    found.push(value);
    for (const item of childrenOf(value)) if (typeof item === 'object' && item !== null) visit(item);
  };
  for (const value of values) visit(value);
  return found;
};

function slice(from: number | undefined, to: number | undefined, step: number): Step {
  return (values) =>
    values.flatMap((value) => {
      if (!Array.isArray(value)) return [];
      const start = from === undefined ? 0 : from < 0 ? value.length + from : from;
      const end = to === undefined ? value.length : to < 0 ? value.length + to : Math.min(to, value.length);
      const found: unknown[] = [];
      for (let i = Math.max(0, start); i < end; i += step) found.push(value[i]);
      return found;
    });
}

const at =
  (index: number): Step =>
  (values) =>
    values.flatMap((value) => {
      if (!Array.isArray(value)) return [];
      const i = index < 0 ? value.length + index : index;
      return i >= 0 && i < value.length ? [value[i]] : [];
    });

type Operand = (item: unknown) => unknown[];
const OPERATORS: Readonly<Record<string, (a: unknown, b: unknown) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => comparable(a, b) && (a as number) < (b as number),
  '<=': (a, b) => comparable(a, b) && (a as number) <= (b as number),
  '>': (a, b) => comparable(a, b) && (a as number) > (b as number),
  '>=': (a, b) => comparable(a, b) && (a as number) >= (b as number),
};
const comparable = (a: unknown, b: unknown): boolean =>
  typeof a === typeof b && (typeof a === 'number' || typeof a === 'string');

function filter(left: Operand, operator: string, right: Operand | undefined): Step {
  const compare = OPERATORS[operator];
  return (values) =>
    values.flatMap((value) =>
      (Array.isArray(value) ? value : []).filter((item) => {
        const a = left(item);
        if (a.length === 0) return false;
        if (!right || !compare) return true;
        const b = right(item);
        return b.length > 0 && compare(a[0], b[0]);
      }),
    );
}

class PathReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Step[] {
    if (this.#text.length > 4_096) throw new JsonPathError('path is too long');
    const steps: Step[] = [];
    if (this.#text[0] === '$' || this.#text[0] === '@') this.#at = 1;
    while (this.#at < this.#text.length) {
      if (this.#text[this.#at] === '.') this.#dot(steps);
      else if (this.#text[this.#at] === '[') steps.push(this.#bracket());
      else throw new JsonPathError(`unrecognized character in path: ${JSON.stringify(this.#text[this.#at])}`);
    }
    return steps;
  }

  #dot(steps: Step[]): void {
    this.#at++;
    if (this.#text[this.#at] === '.') {
      this.#at++;
      steps.push(descend);
      if (this.#text[this.#at] === '[') return;
    }
    const name = this.#name();
    if (name === '*') steps.push(wildcard);
    else if (name !== '') steps.push(child(name));
  }

  #name(): string {
    let name = '';
    while (this.#at < this.#text.length && !'.['.includes(this.#text[this.#at] ?? '')) {
      if (this.#text[this.#at] === '\\') this.#at++;
      name += this.#text[this.#at++] ?? '';
    }
    return name;
  }

  #bracket(): Step {
    const body = this.#until();
    if (body.startsWith('?(') && body.endsWith(')')) return readFilter(body.slice(2, -1));
    if (body === '*') return wildcard;
    const quoted = /^'((?:[^'\\]|\\.)*)'$|^"((?:[^"\\]|\\.)*)"$/.exec(body);
    if (quoted) return child((quoted[1] ?? quoted[2] ?? '').replace(/\\(.)/g, '$1'));
    if (/^-?\d{1,9}$/.test(body)) return at(Number(body));
    const range = /^(-?\d{1,9})?:(-?\d{1,9})?(?::(\d{1,9}))?$/.exec(body);
    if (range) {
      const number = (part: string | undefined): number | undefined =>
        part === undefined ? undefined : Number(part);
      const step = number(range[3]) ?? 1;
      if (step > 0) return slice(number(range[1]), number(range[2]), step);
    }
    if (body.includes(',')) {
      const parts = body.split(',').map((part) => new PathReader(`[${part.trim()}]`).read());
      return (values) =>
        parts.flatMap((steps) => steps.reduce<readonly unknown[]>((v, step) => step(v), values) as unknown[]);
    }
    throw new JsonPathError(`invalid array index ${body}`);
  }

  /** The text between the bracket at the cursor and its end, minding quotes and nested brackets. */
  #until(): string {
    const start = ++this.#at;
    let depth = 0;
    let quote = '';
    for (; this.#at < this.#text.length; this.#at++) {
      const c = this.#text[this.#at] ?? '';
      if (quote !== '') {
        if (c === '\\') this.#at++;
        else if (c === quote) quote = '';
      } else if (c === '"' || c === "'") quote = c;
      else if (c === '[') depth++;
      else if (c === ']' && depth-- === 0) return this.#text.slice(start, this.#at++).trim();
    }
    throw new JsonPathError('unterminated array');
  }
}

function readFilter(text: string): Step {
  const match = /^((?:[^=!<>"']|"[^"]*"|'[^']*')+?)\s*(?:(==|!=|<=|>=|<|>)\s*(.+))?$/.exec(text.trim());
  if (!match?.[1]) throw new JsonPathError(`invalid filter ${text}`);
  return filter(
    readOperand(match[1].trim()),
    match[2] ?? '',
    match[3] === undefined ? undefined : readOperand(match[3].trim()),
  );
}

function readOperand(text: string): Operand {
  if (text.startsWith('@')) return parseJsonPath(text);
  const quoted = /^'((?:[^'\\]|\\.)*)'$|^"((?:[^"\\]|\\.)*)"$/.exec(text);
  if (quoted) {
    const value = (quoted[1] ?? quoted[2] ?? '').replace(/\\(.)/g, '$1');
    return () => [value];
  }
  if (text === 'true' || text === 'false') return () => [text === 'true'];
  if (/^-?\d+(\.\d+)?$/.test(text)) return () => [Number(text)];
  throw new JsonPathError(`unrecognized operand ${text}`);
}
