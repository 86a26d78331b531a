export interface TarEntry {
  /** Relative, without a leading slash; a folder's ends with one. */
  readonly path: string;
  /** Absent: a folder. */
  readonly content?: Uint8Array;
  /** Permission bits; 0o755 for folders, 0o644 for files unless given. */
  readonly mode?: number;
  /** Makes a symbolic link. */
  readonly linkTo?: string;
}

const BLOCK = 512;

/** A tar archive (POSIX.1-1988 ustar), owned by root, all times zero so that equal content gives equal bytes. */
export function tarArchive(entries: readonly TarEntry[]): Buffer {
  const chunks: Buffer[] = [];
  for (const entry of entries) {
    chunks.push(header(entry));
    if (!entry.content) continue;
    const padding = (BLOCK - (entry.content.length % BLOCK)) % BLOCK;
    chunks.push(Buffer.from(entry.content), Buffer.alloc(padding));
  }
  chunks.push(Buffer.alloc(2 * BLOCK));
  return Buffer.concat(chunks);
}

function header(entry: TarEntry): Buffer {
  const { path, content, linkTo } = entry;
  if (Buffer.byteLength(path) > 100) throw new Error(`a path of a tar entry is too long: ${path}`);
  const block = Buffer.alloc(BLOCK);
  const folder = content === undefined && linkTo === undefined;
  block.write(path, 0);
  octal(block, entry.mode ?? (folder ? 0o755 : 0o644), 100, 8);
  octal(block, 0, 108, 8);
  octal(block, 0, 116, 8);
  octal(block, content?.length ?? 0, 124, 12);
  octal(block, 0, 136, 12);
  block.write(linkTo !== undefined ? '2' : folder ? '5' : '0', 156);
  if (linkTo !== undefined) block.write(linkTo, 157);
  block.write('ustar\x0000', 257);
  // the checksum is of the header with blanks in the checksum's place
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function octal(block: Buffer, value: number, at: number, length: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at);
}
