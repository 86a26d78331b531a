import { isObject } from '@sampan/base';

/** rand.SafeEncodeString's letters: no vowels and no lookalikes, so that no words come out. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * A short name for a value: equal for equal JSON whatever the order of its keys, safe in labels and names. `probe`
 * (a collision count) makes another one of it.
 *
 * Upstream hashes Go structs as printed, so its hashes of the same template are other ones; nobody compares them:
 * who owns which template is told by the templates themselves.
 */
export function safeHash(value: unknown, probe?: number): string {
  const hash = fnv32(canonical(value) + (probe === undefined ? '' : String(probe)));
  return [...String(hash)].map((digit) => ALPHABET[digit.charCodeAt(0) % ALPHABET.length]).join('');
}

/** JSON with sorted keys, without those that hold nothing. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const keys = Object.keys(value).sort();
  const parts = keys.flatMap((key) =>
    value[key] === undefined || value[key] === null
      ? []
      : [`${JSON.stringify(key)}:${canonical(value[key])}`],
  );
  return `{${parts.join(',')}}`;
}

function fnv32(text: string): number {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, FNV_PRIME) >>> 0;
  return hash >>> 0;
}
