/** PEM blocks (RFC 7468) as Go's encoding/pem finds them: text around blocks is skipped. */
export interface PemBlock {
  readonly type: string;
  readonly hasHeaders: boolean;
  readonly der: Buffer;
}

const BEGIN = '-----BEGIN ';
const DASHES = '-----';

/** All well-formed blocks, in order; linear in the text's length. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let at = 0;
  for (;;) {
    const begin = text.indexOf(BEGIN, at);
    if (begin < 0) return blocks;
    at = begin + BEGIN.length;
    if (begin > 0 && text[begin - 1] !== '\n') continue;
    const typeEnd = text.indexOf(DASHES, at);
    if (typeEnd < 0) return blocks;
    const type = text.slice(at, typeEnd);
    if (type.includes('\n')) continue;
    const endLine = `${DASHES}END ${type}${DASHES}`;
    const end = text.indexOf(endLine, typeEnd);
    if (end < 0) continue;
    const block = decode(type, text.slice(typeEnd + DASHES.length, end));
    if (block) blocks.push(block);
    at = end + endLine.length;
  }
}

function decode(type: string, body: string): PemBlock | undefined {
  const lines = body.split('\n').map((line) => line.trim());
  const headers = lines.filter((line) => line.includes(':'));
  const base64 = lines.filter((line) => !line.includes(':')).join('');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return undefined;
  return { type, hasHeaders: headers.length > 0, der: Buffer.from(base64, 'base64') };
}
