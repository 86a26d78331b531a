/** []byte as JSON has it: standard base64 with padding, line breaks allowed in the input (Go encoding/base64). */
const CLEAN = /^[A-Za-z0-9+/]*={0,2}$/;

/** The canonical text. Throws an Error with Go's text for anything else than padded standard base64. */
export function canonicalBase64(text: string): string {
  if (text.length % 4 === 0 && CLEAN.test(text)) {
    if (!text.endsWith('=')) return text;
    return text.slice(0, -4) + Buffer.from(text.slice(-4), 'base64').toString('base64');
  }
  const bare = text.replace(/[\r\n]/g, '');
  if (bare.length % 4 === 0 && CLEAN.test(bare)) return Buffer.from(bare, 'base64').toString('base64');
  throw new Error(`illegal base64 data at input byte ${illegalByte(text)}`);
}

/** Where Go's decoder gives up: at the first byte that cannot continue a group of four. */
function illegalByte(text: string): number {
  let inGroup = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\n' || char === '\r') continue;
    if (/[A-Za-z0-9+/]/.test(char)) {
      inGroup = (inGroup + 1) % 4;
    } else if (char === '=' && inGroup >= 2) {
      return paddingFault(text, at, inGroup);
    } else {
      return Buffer.byteLength(text.slice(0, at));
    }
  }
  // The input ended inside a group: Go counts from the group's beginning.
  return Math.max(0, text.length - inGroup);
}

function paddingFault(text: string, at: number, inGroup: number): number {
  let next = at + 1;
  const skip = (): void => {
    while (next < text.length && /[\r\n]/.test(text.charAt(next))) next++;
  };
  skip();
  if (inGroup === 2) {
    if (next >= text.length) return text.length;
    if (text.charAt(next) !== '=') return next;
    next++;
    skip();
  }
  return next;
}
