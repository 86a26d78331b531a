import type { TypeSchema } from './type-schema.ts';

/** sigs.k8s.io/json keeps this many. */
const MOST_ERRORS = 100;

/**
 * The unknown and duplicate fields of a JSON text in the order of the text, in the words of sigs.k8s.io/json:
 * `unknown field "spec.foo"`, `duplicate field "spec.ports[0].name"`. Nothing below an unknown field is
 * looked at, nor what upstream decodes by a parser of its own. `text` must be valid JSON. Linear; slower than
 * JSON.parse, for texts that are known to have such fields.
 */
export function strictErrors(text: string, schema: TypeSchema): string[] {
  const reader = new Reader(text);
  reader.value(schema, '');
  return [...reader.errors];
}

/** The duplicate fields of a JSON text, wherever they are; otherwise as `strictErrors`. */
export function duplicateFields(text: string): string[] {
  return strictErrors(text, ANYTHING);
}

const OPAQUE: TypeSchema = { type: 'any' };
/** Objects and lists of whatever there is, each looked into. */
const ANYTHING: TypeSchema = {
  type: 'map',
  get values(): TypeSchema {
    return ANYTHING;
  },
};

class Reader {
  readonly errors = new Set<string>();
  #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads one value; `schema` undefined: skips it. */
  value(schema: TypeSchema | undefined, path: string): void {
    this.#space();
    const char = this.#text[this.#at];
    if (char === '{') this.#object(schema, path);
    else if (char === '[') this.#array(schema, path);
    else if (char === '"') this.#string();
    else while (this.#at < this.#text.length && !/[\s,\]}]/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #object(schema: TypeSchema | undefined, path: string): void {
    this.#at++;
    const checked = schema && schema.type !== 'any' ? schema : undefined;
    const seen = checked ? new Set<string>() : undefined;
    for (;;) {
      this.#space();
      const char = this.#text[this.#at];
      if (char === '}' || char === undefined) break;
      if (char === ',') {
        this.#at++;
        continue;
      }
      const key = this.#string();
      this.#space();
      this.#at++; // the colon
      const inner = path === '' ? key : `${path}.${key}`;
      this.value(checked && seen ? this.#member(checked, seen, key, inner) : undefined, inner);
    }
    this.#at++;
  }

  #member(schema: TypeSchema, seen: Set<string>, key: string, path: string): TypeSchema | undefined {
    let inner: TypeSchema | undefined;
    if (schema.type === 'struct') {
      inner = schema.fields.get(key)?.type ?? schema.unknown;
      if (!inner) {
        this.#report('unknown', path);
        return undefined;
      }
    } else if (schema.type === 'map') inner = schema.values;
    if (seen.has(key)) this.#report('duplicate', path);
    seen.add(key);
    return inner ?? OPAQUE;
  }

  #array(schema: TypeSchema | undefined, path: string): void {
    this.#at++;
    const items = schema === ANYTHING ? ANYTHING : schema?.type === 'list' ? schema.items : undefined;
    for (let index = 0; ; index++) {
      this.#space();
      if (this.#text[this.#at] === ',') this.#at++;
      this.#space();
      const char = this.#text[this.#at];
      if (char === ']' || char === undefined) break;
      this.value(items, items ? `${path}[${index}]` : path);
    }
    this.#at++;
  }

  #string(): string {
    const start = this.#at++;
    for (;;) {
      const char = this.#text[this.#at++];
      if (char === '"' || char === undefined) break;
      if (char === '\\') this.#at++;
    }
    return JSON.parse(this.#text.slice(start, this.#at)) as string;
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #report(what: 'unknown' | 'duplicate', path: string): void {
    if (this.errors.size < MOST_ERRORS) this.errors.add(`${what} field ${JSON.stringify(path)}`);
  }
}
