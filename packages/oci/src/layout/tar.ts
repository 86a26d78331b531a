import { posix } from 'node:path';
import { TAR_BLOCK, tarSum } from '@sampan/base';
import { OciError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';

/** Where a file of an archive lies. */
export interface TarFile {
  readonly at: number;
  readonly size: number;
}

/** POSIX pax(1), "ustar Interchange Format" and "pax Extended Header". */
const MAX_FILES = 100_000;
const MAX_EXTENDED_BYTES = 1 << 20;

/** The files of a tar archive by name, without reading what is in them. Throws `oci-layout-invalid`. */
export async function indexTar(source: ByteSource): Promise<Map<string, TarFile>> {
  const files = new Map<string, TarFile>();
  const links = new Map<string, string>();
  let long: { path?: string; size?: number } = {};
  for (let at = 0; at < source.size; ) {
    const block = await source.read(at, TAR_BLOCK);
    if (block.length < TAR_BLOCK) throw invalid('it is cut off');
    if (block.every((byte) => byte === 0)) break;
    if (!isSound(block)) throw invalid('it is no tar archive, or a damaged one');
    const size = long.size ?? numberIn(block, 124, 12);
    const type = String.fromCharCode(block[156] ?? 0);
    const start = at + TAR_BLOCK;
    at = start + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
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

const isSound = (block: Buffer): boolean => numberIn(block, 148, 8) === tarSum(block);

const invalid = (why: string): OciError =>
  new OciError('oci-layout-invalid', `The archive cannot be used: ${why}.`, {
    hint: 'Take what "docker save", "podman save", "skopeo copy … oci-archive:FILE" or "buildah push … oci:FOLDER" write.',
  });
