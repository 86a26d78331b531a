import { OciError } from '../errors.ts';
import { isDigest } from '../names/digest.ts';

/** Image specification, "OCI Content Descriptors". */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
}

/** Image specification, "Image Index", `platform`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

type JsonObject = Readonly<Record<string, unknown>>;

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Throws `oci-manifest-invalid`, which names the field by `place`. */
export function readDescriptor(value: unknown, place: string): Descriptor {
  const invalid = (what: string) => new OciError('oci-manifest-invalid', `${place}${what}.`);
  if (!isJsonObject(value)) throw invalid(' is not a descriptor');
  const { mediaType, size, digest, platform, annotations, artifactType } = value;
  if (typeof mediaType !== 'string' || mediaType === '') throw invalid('.mediaType is missing');
  if (typeof digest !== 'string' || !isDigest(digest)) throw invalid('.digest is not a digest');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw invalid('.size is not a size');
  return {
    mediaType,
    digest,
    size,
    ...(isJsonObject(platform) ? { platform: readPlatform(platform) } : {}),
    ...(isJsonObject(annotations) ? { annotations: texts(annotations) } : {}),
    ...(typeof artifactType === 'string' ? { artifactType } : {}),
  };
}

function readPlatform({ os, architecture, variant }: JsonObject): Platform {
  return {
    os: String(os ?? ''),
    architecture: String(architecture ?? ''),
    ...(typeof variant === 'string' ? { variant } : {}),
  };
}

const texts = (object: JsonObject): Record<string, string> =>
  Object.fromEntries(
    Object.entries(object).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
