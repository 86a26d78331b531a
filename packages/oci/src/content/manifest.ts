import { OciError } from '../errors.ts';
import { type Descriptor, isJsonObject, readDescriptor } from './descriptor.ts';
import { isIndex, isManifest, livesElsewhere } from './media-types.ts';

/** A manifest or index, as bytes that are under its digest. */
export interface Manifest {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

/** What a manifest names. */
export interface Needs {
  readonly manifests: readonly Descriptor[];
  readonly blobs: readonly Descriptor[];
  /** Of an image; undefined for an index. */
  readonly config: Descriptor | undefined;
  readonly layers: readonly Descriptor[];
  /** The manifest that this one is about. */
  readonly subject: Descriptor | undefined;
}

/** 4 MiB: what registries take at least and clients read at most (distribution specification, "Pushing Manifests"). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** Throws `oci-manifest-invalid`. */
export function needsOf({ descriptor: { mediaType, digest }, bytes }: Manifest): Needs {
  const body = parseObject(bytes, digest);
  const list = (field: string): Descriptor[] => {
    const value = body[field] ?? [];
    if (!Array.isArray(value))
      throw new OciError('oci-manifest-invalid', `${field} of ${digest} is not a list.`);
    return value.map((entry, index) => readDescriptor(entry, `${field}[${index}] of ${digest}`));
  };
  const one = (field: string): Descriptor | undefined =>
    body[field] === undefined ? undefined : readDescriptor(body[field], `${field} of ${digest}`);
  const subject = one('subject');
  if (isIndex(mediaType)) {
    const entries = list('manifests');
    const manifests = entries.filter((entry) => isManifest(entry.mediaType));
    const blobs = entries.filter((entry) => !isManifest(entry.mediaType));
    return { manifests, blobs, config: undefined, layers: [], subject };
  }
  if (!isManifest(mediaType))
    throw new OciError('oci-manifest-invalid', `${digest} is of a kind that is not known: ${mediaType}.`);
  const config = one('config');
  const layers = list('layers').filter((layer) => !livesElsewhere(layer.mediaType));
  return { manifests: [], blobs: config ? [config, ...layers] : layers, config, layers, subject };
}

/** Throws `oci-manifest-invalid`. */
export function parseObject(bytes: Uint8Array, name: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new OciError('oci-manifest-invalid', `${name} is not JSON.`, { cause });
  }
  if (isJsonObject(value)) return value;
  throw new OciError('oci-manifest-invalid', `${name} is not a JSON object.`);
}
