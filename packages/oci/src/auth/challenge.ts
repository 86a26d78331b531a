/** One challenge of a `WWW-Authenticate` header (RFC 9110, section 11.6.1). */
export interface Challenge {
  /** Lower case: `basic`, `bearer`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const PARAMETER = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*/y;
const BETWEEN = /[\s,]*/y;

/** All challenges, in their order. What cannot be understood ends the list. */
export function parseChallenges(header: string | undefined): Challenge[] {
  const text = header ?? '';
  const found: { scheme: string; parameters: Record<string, string> }[] = [];
  for (let at = skip(text, 0); at < text.length; at = skip(text, at)) {
    PARAMETER.lastIndex = at;
    const [, name, quoted, plain] = PARAMETER.exec(text) ?? [];
    const last = found.at(-1);
    if (name !== undefined && last) {
      last.parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
      at = PARAMETER.lastIndex;
      continue;
    }
    TOKEN.lastIndex = at;
    const [scheme] = TOKEN.exec(text) ?? [];
    if (scheme === undefined) break;
    found.push({ scheme: scheme.toLowerCase(), parameters: {} });
    at = TOKEN.lastIndex;
  }
  return found;
}

function skip(text: string, at: number): number {
  BETWEEN.lastIndex = at;
  BETWEEN.exec(text);
  return BETWEEN.lastIndex;
}
