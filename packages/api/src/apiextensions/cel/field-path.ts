import { additionalSchema, type JsonSchema, propertySchema } from '../json-schema.ts';

export type FieldPathResult =
  | { readonly path: string; readonly root: string; readonly schema: JsonSchema }
  | { readonly problem: string };

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  "'": "'",
  '\\': '\\',
};

/**
 * Reads a rule's or selectable field's path (`.spec.list['key']`) against the schema that it must fit. Source:
 * apiextensions-apiserver pkg/apiserver/schema/cel.ValidFieldPath.
 */
export function validFieldPath(text: string, schema: JsonSchema, brackets = true): FieldPathResult {
  const tokens = [...text.matchAll(/'(?:[^'\\]|\\[\s\S])*'|[.[\]]|[^.[\]']+|'/g)].map((match) => match[0]);
  let at = 0;
  let path = '';
  let root = '';
  let current: JsonSchema = schema;
  const append = (name: string): string | undefined => {
    const named = current.properties !== undefined && Object.keys(current.properties).length > 0;
    const extra = additionalSchema(current);
    if (!named && current.additionalProperties === undefined) return 'does not refer to a valid field';
    const next = named ? propertySchema(current, name) : extra;
    if (!next) return 'does not refer to a valid field';
    path = named ? (path === '' ? name : `${path}.${name}`) : `${path}[${name}]`;
    if (root === '') root = name;
    current = next;
    return undefined;
  };
  while (at < tokens.length) {
    const token = tokens[at++] as string;
    let name: string | undefined;
    if (token === '[') {
      if (!brackets) return { problem: 'array notation is not allowed' };
      const quoted = tokens[at++];
      if (quoted === undefined) return { problem: 'unexpected end of JSON path' };
      if (!/^'[\s\S]*'$/.test(quoted) || quoted.length < 2) {
        return { problem: `expected single quoted string but got ${quoted}` };
      }
      const bad = [...quoted.slice(1, -1).matchAll(/\\([\s\S])/g)].find(
        (match) => !Object.hasOwn(ESCAPES, match[1] ?? ''),
      );
      if (bad) return { problem: `invalid string literal: invalid escape char ${bad[0]}` };
      name = quoted.slice(1, -1).replace(/\\([\s\S])/g, (_, c: string) => ESCAPES[c] ?? c);
      const problem = append(name);
      if (problem) return { problem };
      const close = tokens[at++];
      if (close === undefined) return { problem: 'unexpected end of JSON path' };
      if (close !== ']') return { problem: `expected ] but got ${close}` };
    } else if (token === '.') {
      name = tokens[at++];
      if (name === undefined) return { problem: 'unexpected end of JSON path' };
      const problem = append(name);
      if (problem) return { problem };
    } else {
      return { problem: `expected [ or . but got: ${token}` };
    }
  }
  return { path, root, schema: current };
}
