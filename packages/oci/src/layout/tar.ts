import { posix } from 'node:path';
import { OciError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';

/** Where a file of an archive lies. */
export interface TarFile {
  readonly at: number;
  readonly size: number;
}

/** POSIX pax(1), "ustar Interchange Format" and "pax Extended Header". */
const BLOCK = 512;
const MAX_FILES = 100_000;
const MAX_EXTENDED_BYTES = 1 << 20;
/** Of the format's eleven octal digits; more is written in base 256 (GNU tar). */
const MAX_OCTAL = 8 ** 11 - 1;

/** The files of a tar archive by name, without reading what is in them. Throws `oci-layout-invalid`. */
export async function indexTar(source: ByteSource): Promise<Map<string, TarFile>> {
  const files = new Map<string, TarFile>();
  const links = new Map<string, string>();
  let long: { path?: string; size?: number } = {};
  for (let at = 0; at < source.size; ) {
    const block = await source.read(at, BLOCK);
    if (block.length < BLOCK) throw invalid('it is cut off');
    if (block.every((byte) => byte === 0)) break;
    if (!isSound(block)) throw invalid('it is no tar archive, or a damaged one');
    const size = long.size ?? numberIn(block, 124, 12);
    const type = String.fromCharCode(block[156] ?? 0);
    const start = at + BLOCK;
    at = start + Math.ceil(size / BLOCK) * BLOCK;
    if (start + size > source.size) throw invalid('it is cut off');
    if (type === 'x' || type === 'L') {
      long = { ...long, ...(await extended(source, type, start, size)) };
      continue;
    }
    if (type === 'g') continue;
    const name = clean(long.path ?? nameIn(block));
    long = {};
    if (type === '0' || type === '\0' || type === '7') files.set(name, { at: start, size });
    else if (type === '1' || type === '2') links.set(name, linkTarget(name, type, textIn(block, 157, 100)));
    if (files.size > MAX_FILES) throw invalid(`it has more than ${MAX_FILES} files`);
  }
  for (const [name, target] of links) {
    const found = files.get(target);
    if (found && !files.has(name)) files.set(name, found);
  }
  return files;
}

/** Layers that are the same old versions of Docker write once, and link to. A hard link is named from the top. */
const linkTarget = (name: string, type: string, target: string): string =>
  type === '1' ? clean(target) : posix.normalize(posix.join(posix.dirname(name), target));

const clean = (path: string): string => path.replace(/^(?:\.?\/)+/, '');

/** What stands in front of a file whose name or size is too long for its header. */
async function extended(source: ByteSource, type: string, at: number, size: number) {
  if (size > MAX_EXTENDED_BYTES) throw invalid('it has a header that is too long');
  const bytes = await source.read(at, size);
  if (type === 'L') return { path: bytes.toString().replace(/\0.*$/s, '') };
  const found: { path?: string; size?: number } = {};
  for (let from = 0; from < bytes.length; ) {
    const blank = bytes.indexOf(' ', from);
    const length = Number(bytes.toString('latin1', from, Math.max(blank, from)));
    if (blank < 0 || !(length > 0)) break;
    const [key = '', ...rest] = bytes.toString('utf8', blank + 1, from + length - 1).split('=');
    if (key === 'path') found.path = rest.join('=');
    if (key === 'size') found.size = Number(rest.join('='));
    from += length;
  }
  return found;
}

function nameIn(block: Buffer): string {
  const prefix =
    block.toString('latin1', 257, 262) === 'ustar' && block[262] === 0 ? textIn(block, 345, 155) : '';
  const name = textIn(block, 0, 100);
  return prefix === '' ? name : `${prefix}/${name}`;
}

const textIn = (block: Buffer, at: number, length: number): string =>
  block.toString('utf8', at, at + length).replace(/\0.*$/s, '');

function numberIn(block: Buffer, at: number, length: number): number {
  if (((block[at] ?? 0) & 0x80) === 0) {
    const number = Number.parseInt(textIn(block, at, length).trim() || '0', 8);
    if (Number.isSafeInteger(number) && number >= 0) return number;
    throw invalid('a file in it has no size');
  }
  const number = Number(BigInt(`0x${block.toString('hex', at + 1, at + length)}`));
  if (Number.isSafeInteger(number)) return number;
  throw invalid('a file in it has no size');
}

const isSound = (block: Buffer): boolean => numberIn(block, 148, 8) === sumOf(block);

/** The sum of a header's bytes, its own field taken for blanks. */
const sumOf = (block: Buffer): number =>
  block.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 0x20 : byte), 0);

/** The header of a regular file, or of a folder when the path ends with a slash; times are zero. */
export function tarHeader(path: string, size: number): Buffer {
  if (Buffer.byteLength(path) > 100) throw new Error(`a path of a tar entry is too long: ${path}`);
  const isFolder = path.endsWith('/');
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  block.write(path, 0);
  block.write(`${octal(isFolder ? 0o755 : 0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100);
  if (size <= MAX_OCTAL) block.write(`${octal(size, 11)}\0`, 124);
  else block.write(`80${size.toString(16).padStart(22, '0')}`, 124, 'hex');
  block.write(`${octal(0, 11)}\0`, 136);
  block.write(isFolder ? '5' : '0', 156);
  block.write('ustar\x0000', 257);
  block.write(`${octal(sumOf(block), 6)}\0 `, 148);
  return block;
}

export const tarPadding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
/** What an archive ends with. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * BLOCK);

const invalid = (why: string): OciError =>
  new OciError('oci-layout-invalid', `The archive cannot be used: ${why}.`, {
    hint: 'Take what "docker save", "podman save", "skopeo copy … oci-archive:FILE" or "buildah push … oci:FOLDER" write.',
  });
