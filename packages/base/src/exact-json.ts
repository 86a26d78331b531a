/**
 * JSON whose integers of 64 bits stay exact, as Go's do: those that a number would round are `bigint`s. They are
 * written again as they were, by `JSON.stringify` anywhere in this process.
 */

interface RawJson {
  rawJSON(text: string): unknown;
}

type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown;

/** ECMAScript's proposal "JSON.parse source text access", which V8 has and TypeScript's library does not know yet. */
const SourceJson = JSON as unknown as RawJson & { parse(text: string, reviver: Reviver): unknown };

Object.defineProperty(BigInt.prototype, 'toJSON', {
  value(this: bigint) {
    return SourceJson.rawJSON(this.toString());
  },
  configurable: true,
  writable: true,
});

/** Only texts with as many digits in a row can have such an integer. */
const MANY_DIGITS = /\d{16}/;
const INTEGER = /^-?\d+$/;

/** As `JSON.parse`; throws its `SyntaxError`. Integers beyond 64 bits are rounded. */
export function parseExactJson(text: string): unknown {
  return MANY_DIGITS.test(text) ? SourceJson.parse(text, keepExact) : JSON.parse(text);
}

function keepExact(_key: string, value: unknown, { source }: { source?: string }): unknown {
  if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) return value;
  if (!INTEGER.test(source) || String(value) === source) return value;
  const exact = BigInt(source);
  return BigInt.asIntN(64, exact) === exact ? exact : value;
}
