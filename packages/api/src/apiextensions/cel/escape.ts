/** Names that CEL keeps for itself; upstream's escaping (KEP-2876) wraps them in `__`. */
const RESERVED: ReadonlySet<string> = new Set([
  'true',
  'false',
  'null',
  'in',
  'as',
  'break',
  'const',
  'continue',
  'else',
  'for',
  'function',
  'if',
  'import',
  'let',
  'loop',
  'package',
  'namespace',
  'return',
  'var',
  'void',
  'while',
]);
const ESCAPES: Readonly<Record<string, string>> = {
  __: 'underscores',
  '.': 'dot',
  '-': 'dash',
  '/': 'slash',
};
const UNESCAPES = new Map(Object.entries(ESCAPES).map(([text, name]) => [name, text]));

/** The identifier of a property in rules, or undefined when it has none. */
export function escapeName(name: string): string | undefined {
  if (RESERVED.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(name)) return undefined;
  return name.replace(/__|[./-]/g, (found) => `__${ESCAPES[found]}__`);
}

/** The property of an identifier, or undefined when it is no escaped name. */
export function unescapeName(escaped: string): string | undefined {
  let valid = true;
  const name = escaped.replace(/__[^_]+__/g, (found) => {
    const inner = found.slice(2, -2);
    const text = UNESCAPES.get(inner);
    if (text !== undefined) return text;
    if (!RESERVED.has(inner) || found.length !== escaped.length) valid = false;
    return inner;
  });
  return valid ? name : undefined;
}
