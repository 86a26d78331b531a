import type { Digest } from '@sampan/blobs';
import { RegistryError } from '../errors/registry-error.ts';
import { digestIn } from '../names/digests.ts';

/** A descriptor as the image specification defines it, as far as the registry reads it. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Image specification, "OCI Content Descriptors": media type, digest and size are required.
 * @throws RegistryError MANIFEST_INVALID naming the field by `place`
 */
export function readDescriptor(value: unknown, place: string): Descriptor {
  const invalid = (what: string) => new RegistryError('MANIFEST_INVALID', `${place}${what}`);
  if (!isJsonObject(value)) throw invalid(' is not a descriptor');
  const { mediaType, size } = value;
  const digest = typeof value.digest === 'string' ? digestIn(value.digest) : undefined;
  if (typeof mediaType !== 'string' || mediaType === '') throw invalid('.mediaType is missing');
  if (!digest) throw invalid('.digest is not a digest');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw invalid('.size is not a size');
  return { mediaType, digest, size };
}
