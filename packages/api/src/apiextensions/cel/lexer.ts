import { type Issue, type Literal, Uint } from './ast.ts';

export interface Token {
  readonly type: 'eof' | 'ident' | 'quoted-ident' | 'literal' | 'op';
  /** Operator or identifier as written; for literals the source text. */
  readonly text: string;
  readonly pos: number;
  readonly value?: Literal;
}

const OPERATORS = [
  '==',
  '!=',
  '<=',
  '>=',
  '&&',
  '||',
  '.?',
  '[?',
  '{?',
  '<',
  '>',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '.',
  ',',
  '-',
  '!',
  '?',
  ':',
  '+',
  '*',
  '/',
  '%',
];
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};

class LexError extends Error {
  readonly issue: Issue;
  /** How much of the source is skipped. */
  readonly length: number;
  constructor(pos: number, message: string, length = 1) {
    super(message);
    this.issue = { pos, message };
    this.length = length;
  }
}

/** Splits an expression into tokens; what is no token is skipped and reported. */
export function tokenize(source: string): { tokens: Token[]; issues: Issue[] } {
  const tokens: Token[] = [];
  const issues: Issue[] = [];
  let at = 0;
  while (at < source.length) {
    const rest = source[at] ?? '';
    if (/\s/.test(rest)) {
      at++;
    } else if (source.startsWith('//', at)) {
      const end = source.indexOf('\n', at);
      at = end < 0 ? source.length : end;
    } else {
      at += readInto(source, at, tokens, issues);
    }
  }
  tokens.push({ type: 'eof', text: '<EOF>', pos: source.length });
  return { tokens, issues };
}

function readInto(source: string, at: number, tokens: Token[], issues: Issue[]): number {
  try {
    const token = readToken(source, at);
    tokens.push(token);
    return token.text.length;
  } catch (error) {
    if (!(error instanceof LexError)) throw error;
    if (issues.length < 30) issues.push(error.issue);
    return Math.max(1, error.length);
  }
}

const STRING_START = /[rRbB]{0,2}(?:"""|'''|"|')/y;
const NUMBER = /0x[0-9a-fA-F]+[uU]?|(?:\d+\.\d+|\.\d+|\d+(?=[eE]))(?:[eE][+-]?\d+)?|\d+[uU]?/y;
const IDENT = /[A-Za-z_][A-Za-z0-9_]*/y;
const QUOTED = /`[A-Za-z0-9_.\-/ ]+`/y;

function readToken(source: string, pos: number): Token {
  STRING_START.lastIndex = pos;
  const string = STRING_START.exec(source);
  if (string && validPrefix(string[0])) return readString(source, pos, string[0]);
  NUMBER.lastIndex = pos;
  const number = NUMBER.exec(source);
  if (number) return readNumber(number[0], pos);
  IDENT.lastIndex = pos;
  const ident = IDENT.exec(source);
  if (ident) {
    const text = ident[0];
    if (text === 'true' || text === 'false') return { type: 'literal', text, pos, value: text === 'true' };
    if (text === 'null') return { type: 'literal', text, pos, value: null };
    return text === 'in' ? { type: 'op', text, pos } : { type: 'ident', text, pos };
  }
  QUOTED.lastIndex = pos;
  const quoted = QUOTED.exec(source);
  if (quoted) return { type: 'quoted-ident', text: quoted[0], pos };
  for (const op of OPERATORS) {
    if (!source.startsWith(op, pos)) continue;
    return { type: 'op', text: op, pos };
  }
  throw new LexError(pos, `Syntax error: token recognition error at: '${source[pos]}'`);
}

function validPrefix(start: string): boolean {
  const prefix = start.replace(/["']+$/, '').toLowerCase();
  return prefix === '' || prefix === 'r' || prefix === 'b' || prefix === 'rb' || prefix === 'br';
}

function readNumber(text: string, pos: number): Token {
  if (/^0x/i.test(text) || !/[.eE]/.test(text)) {
    const unsigned = /[uU]$/.test(text);
    const value = BigInt(unsigned ? text.slice(0, -1) : text);
    if (unsigned) {
      if (value >= 2n ** 64n) throw new LexError(pos, 'invalid uint literal', text.length);
      return { type: 'literal', text, pos, value: new Uint(value) };
    }
    // 2^63 is allowed here for `-9223372036854775808`; the parser checks the rest
    if (value > 2n ** 63n) throw new LexError(pos, 'invalid int literal', text.length);
    return { type: 'literal', text, pos, value };
  }
  const value = Number(text);
  if (!Number.isFinite(value)) throw new LexError(pos, 'invalid double literal', text.length);
  return { type: 'literal', text, pos, value };
}

function readString(source: string, pos: number, start: string): Token {
  const quote = start.replace(/^[rRbB]*/, '');
  const raw = /r/i.test(start.slice(0, -quote.length));
  const bytes = /b/i.test(start.slice(0, -quote.length));
  let at = pos + start.length;
  const bodyStart = at;
  for (;;) {
    if (at >= source.length || (quote.length === 1 && source[at] === '\n')) {
      throw new LexError(
        pos,
        `Syntax error: token recognition error at: '${source.slice(pos, at + 1)}'`,
        at - pos,
      );
    }
    if (source.startsWith(quote, at)) break;
    at += source[at] === '\\' && !raw ? 2 : 1;
  }
  const body = source.slice(bodyStart, at);
  const text = source.slice(pos, at + quote.length);
  if (bytes)
    return {
      type: 'literal',
      text,
      pos,
      value: raw ? new TextEncoder().encode(body) : unescapeBytes(body, pos),
    };
  return { type: 'literal', text, pos, value: raw ? body : unescapeString(body, pos) };
}

const ESCAPE =
  /\\(?:([abfnrtv\\'"`?])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]?))/g;

function unescapeString(body: string, pos: number): string {
  if (!body.includes('\\')) return body;
  return body.replace(ESCAPE, (all, simple, hex, u4, u8, octal) => {
    if (simple) return SIMPLE_ESCAPES[simple] ?? simple;
    const code =
      hex || u4 || u8 ? Number.parseInt(hex || u4 || u8, 16) : octal ? Number.parseInt(octal, 8) : -1;
    if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      throw new LexError(pos, `Syntax error: token recognition error at: '${all}'`);
    }
    return String.fromCodePoint(code);
  });
}

function unescapeBytes(body: string, pos: number): Uint8Array {
  const out: number[] = [];
  const encoder = new TextEncoder();
  let last = 0;
  for (const match of body.matchAll(ESCAPE)) {
    out.push(...encoder.encode(body.slice(last, match.index)));
    last = match.index + match[0].length;
    const [all, simple, hex, u4, u8, octal] = match;
    if (simple) out.push((SIMPLE_ESCAPES[simple] ?? simple).charCodeAt(0));
    else if (hex) out.push(Number.parseInt(hex, 16));
    else if (octal) out.push(Number.parseInt(octal, 8) & 255);
    else if (!u4 && !u8) throw new LexError(pos, `Syntax error: token recognition error at: '${all}'`);
    else throw new LexError(pos, 'Syntax error: unicode escapes are not allowed in bytes');
  }
  out.push(...encoder.encode(body.slice(last)));
  return Uint8Array.from(out);
}
