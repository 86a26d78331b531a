/** POSIX pax(1), "ustar Interchange Format": what headers of tar archives look like. */
export const TAR_BLOCK = 512;

export interface TarHeader {
  /** At most 100 bytes, relative; a folder's ends with a slash. */
  readonly path: string;
  /** Bytes that follow; default none. */
  readonly size?: number;
  /** Permission bits; default 0o755 for folders, 0o644 for all else. */
  readonly mode?: number;
  /** Makes a symbolic link. */
  readonly linkTo?: string;
  /** Seconds since the epoch; default 0, so that equal content gives equal bytes. */
  readonly modified?: number;
}

const MAX_PATH_BYTES = 100;
/** Of the format's eleven octal digits; more is written in base 256, as GNU tar does. */
const MAX_OCTAL = 8 ** 11 - 1;
/** Where the checksum is. */
const SUM_START = 148;
const SUM_END = 156;

/** The header of a file, folder or link of root. Throws for a path that is too long: callers choose them. */
export function tarHeader({ path, size = 0, mode, linkTo, modified = 0 }: TarHeader): Buffer {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw new Error(`a path of a tar entry is too long: ${path}`);
  const isFolder = path.endsWith('/');
  const block = Buffer.alloc(TAR_BLOCK);
  block.write(path, 0);
  block.write(`${octal(mode ?? (isFolder ? 0o755 : 0o644), 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100);
  if (size <= MAX_OCTAL) block.write(`${octal(size, 11)}\0`, 124);
  else block.write(`80${size.toString(16).padStart(22, '0')}`, 124, 'hex');
  block.write(`${octal(modified, 11)}\0`, 136);
  block.write(linkTo !== undefined ? '2' : isFolder ? '5' : '0', 156);
  if (linkTo !== undefined) block.write(linkTo, 157, MAX_PATH_BYTES);
  block.write('ustar\x0000', 257);
  block.write(`${octal(tarSum(block), 6)}\0 `, SUM_START);
  return block;
}

/** The sum of a header's bytes, its own field taken for blanks. */
export const tarSum = (block: Uint8Array): number =>
  block.reduce((sum, byte, index) => sum + (index >= SUM_START && index < SUM_END ? 0x20 : byte), 0);

/** What fills the last block of so many bytes. */
export const tarPadding = (size: number): Buffer =>
  Buffer.alloc((TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK);

/** What an archive ends with. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * TAR_BLOCK);

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
