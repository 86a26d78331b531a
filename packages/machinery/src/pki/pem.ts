/** Textual encodings of RFC 7468. */

export function encodePem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/**
 * The first block with the label; undefined when there is none or its text is not base64. Text around it is
 * ignored, as in Go's pem.Decode.
 */
export function decodePem(label: string, text: string): Buffer | undefined {
  return decodeAllPem(label, text)[0];
}

export function decodeAllPem(label: string, text: string): Buffer[] {
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  const blocks: Buffer[] = [];
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at + begin.length)) {
    const stop = text.indexOf(end, at);
    if (stop < 0) break;
    const body = text.slice(at + begin.length, stop).replace(/\s+/g, '');
    if (body !== '' && /^[A-Za-z0-9+/]+={0,2}$/.test(body)) blocks.push(Buffer.from(body, 'base64'));
    at = stop;
  }
  return blocks;
}
