/** Deeper pointers than this are refused: no API object is this deep, and recursion must stay shallow. */
export const MAX_POINTER_DEPTH = 1_000;

/**
 * The reference tokens of a JSON pointer (RFC 6901), unescaped: `[]` for the whole document, undefined when it
 * is no pointer. As upstream, anything before the first slash is ignored.
 */
export function parsePointer(pointer: string): string[] | undefined {
  if (pointer === '') return [];
  const parts = pointer.split('/');
  if (parts.length < 2 || parts.length > MAX_POINTER_DEPTH) return undefined;
  parts.shift();
  return parts.map(unescapeToken);
}

function unescapeToken(token: string): string {
  // one pass, so that `~01` is `~1` (RFC 6901 section 4)
  return token.includes('~') ? token.replace(/~[01]/g, (token) => (token === '~1' ? '/' : '~')) : token;
}

/** An array index as Go's strconv.Atoi reads it, or undefined. */
export function parseIndex(token: string): number | undefined {
  return /^[+-]?[0-9]{1,15}$/.test(token) ? Number(token) : undefined;
}
