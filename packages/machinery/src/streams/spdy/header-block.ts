/** RFC 1950: deflate with a 32 KiB window and a preset dictionary, then Adler-32 of SPDY/3's dictionary. */
const ZLIB_START = Buffer.from([0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2]);
/** An empty stored block (RFC 1951 section 3.2.4): where a reader gives out what it has (zlib's Z_SYNC_FLUSH). */
const FLUSH = Buffer.from([0x00, 0x00, 0x00, 0xff, 0xff]);
const MOST_BYTES = 0xffff;

export type SpdyHeaders = Readonly<Record<string, string>>;

/**
 * The header blocks of one direction of a connection (SPDY/3.1 draft section 2.6.10). They form one zlib stream, here
 * of stored blocks: what is sent are a few short words a stream, and without compression there is no state that all
 * streams share, no dictionary, and nothing of one stream shows in the length of another's (CRIME).
 */
export class HeaderBlocks {
  #started = false;

  /** Names are sent in lower case. Throws an Error when all together are 64 KiB or more. */
  encode(headers: SpdyHeaders): Buffer {
    const entries = Object.entries(headers);
    const parts = [uint32(entries.length)];
    for (const [name, value] of entries) parts.push(text(name.toLowerCase()), text(value));
    const block = Buffer.concat(parts);
    if (block.length > MOST_BYTES) throw new Error('the headers of a stream are too long');
    const stored = Buffer.alloc(5);
    stored.writeUInt16LE(block.length, 1);
    stored.writeUInt16LE(block.length ^ 0xffff, 3);
    const start = this.#started ? [] : [ZLIB_START];
    this.#started = true;
    return Buffer.concat([...start, stored, block, FLUSH]);
  }
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
