import { RegistryError } from '../errors/registry-error.ts';

/** Bytes `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** At most 15 digits: each such number is exact. */
const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/;
const CONTENT_RANGE = /^(?:bytes )?(\d{1,15})-(\d{1,15})(?:\/(?:\*|\d{1,15}))?$/;

/**
 * The part of `size` bytes that a `Range` header asks for; undefined: all of it. As RFC 9110 section 14.2 allows,
 * several ranges at once and units other than bytes are answered with the whole.
 * @throws RegistryError RANGE_INVALID (416, with `Content-Range: bytes *\/SIZE`) when no byte of it exists, or it ends
 * before it begins
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = header === undefined ? null : RANGE.exec(header.trim());
  if (!match) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start >= size || end < start) {
    throw new RegistryError('RANGE_INVALID', undefined, { headers: { 'content-range': `bytes */${size}` } });
  }
  return { start, end };
}

/**
 * Where a chunk of an upload belongs: `START-END` without a unit (distribution specification, "Pushing a blob in
 * chunks"), or with `bytes ` and a total as RFC 9110 writes it. Undefined: no header, the chunk is appended.
 * @throws RegistryError BLOB_UPLOAD_INVALID
 */
export function parseContentRange(header: string | undefined): ByteRange | undefined {
  if (header === undefined) return undefined;
  const match = CONTENT_RANGE.exec(header.trim());
  const range = match && { start: Number(match[1]), end: Number(match[2]) };
  if (!range || range.end < range.start) {
    throw new RegistryError('BLOB_UPLOAD_INVALID', 'Content-Range is not START-END');
  }
  return range;
}

/** The `Range` header of an upload of which `offset` bytes are here. An empty one is `0-0` as in distribution. */
export function uploadedRange(offset: number): string {
  return `0-${Math.max(0, offset - 1)}`;
}
