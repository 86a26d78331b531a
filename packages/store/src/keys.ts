/** Keys: their collections and their order. */

/** The text before the first slash. Throws for a key or prefix without one: a programmer's error. */
export function collectionOf(key: string): string {
  const slash = key.indexOf('/');
  if (slash < 0) throw new Error(`${JSON.stringify(key)} has no collection: it needs a slash`);
  return key.slice(0, slash);
}

/** Throws for a key that cannot be stored: UTF-8 cannot say a lone surrogate, two such keys would be one on disk. */
export function assertKey(key: string): void {
  collectionOf(key);
  if (!key.isWellFormed()) throw new Error(`the key ${JSON.stringify(key)} is not well-formed Unicode`);
}

/**
 * Whether `a` comes before `b` in the order of their UTF-8 bytes. JavaScript compares UTF-16 units, which
 * is the same order but for one thing: surrogates (characters from U+10000 on) sort before U+E000–U+FFFF.
 */
export function keyBefore(a: string, b: string): boolean {
  return WIDE.test(a) && WIDE.test(b) ? bytesBefore(a, b) : a < b;
}

/** Units for which the orders can differ. On Latin-1 strings, as most keys are, V8 answers without a scan. */
const WIDE = /[\ud800-\uffff]/;

function bytesBefore(a: string, b: string): boolean {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return rank(left) < rank(right);
  }
  return a.length < b.length;
}

/** Moves surrogates above all other units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
