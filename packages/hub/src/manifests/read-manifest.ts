import type { Digest } from '@sampan/blobs';
import { RegistryError } from '../errors/registry-error.ts';
import { type Descriptor, isJsonObject, type JsonObject, readDescriptor } from './descriptor.ts';
import { livesElsewhere, MANIFEST_FORMS } from './media-types.ts';

/** 4 MiB: what registries take at least and clients read at most (distribution specification, "Pushing Manifests"). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** More than any image or index has; each is looked up, so a small text must not name very many. */
const MAX_REFERENCES = 10_000;

/** What the registry knows of a manifest: what it needs, what it is listed as. */
export interface Manifest {
  readonly mediaType: string;
  /** Blobs that must be in the repository before the manifest. */
  readonly blobs: readonly Descriptor[];
  /** Manifests that must be in the repository before the manifest. */
  readonly manifests: readonly Descriptor[];
  /** The manifest that this one is about; it may come later or never (specification, "Pushing Manifests with Subject"). */
  readonly subject: Digest | undefined;
  /** As referrers list it: `artifactType`, else the media type of the config; undefined: neither. */
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Checks a manifest's bytes by themselves; whether what it names is present is for the caller to see.
 * @throws RegistryError MANIFEST_INVALID
 */
export function readManifest(bytes: Uint8Array, mediaType: string): Manifest {
  const form = MANIFEST_FORMS.get(mediaType);
  if (!form)
    throw new RegistryError('MANIFEST_INVALID', `media type ${JSON.stringify(mediaType)} is not supported`);
  const body = parse(bytes);
  if (body.schemaVersion !== 2) throw new RegistryError('MANIFEST_INVALID', 'schemaVersion is not 2');
  if (body.mediaType !== undefined && body.mediaType !== mediaType) {
    throw new RegistryError('MANIFEST_INVALID', 'mediaType differs from Content-Type');
  }
  refuseMixed(body, form);
  const references = form === 'image' ? readImage(body) : readIndex(body);
  return {
    mediaType,
    ...references,
    subject: body.subject === undefined ? undefined : readDescriptor(body.subject, 'subject').digest,
    artifactType: artifactTypeOf(body),
    annotations: readAnnotations(body.annotations),
  };
}

function parse(bytes: Uint8Array): JsonObject {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new RegistryError('MANIFEST_INVALID', 'not JSON in UTF-8', { cause });
  }
  if (!isJsonObject(body)) throw new RegistryError('MANIFEST_INVALID', 'not a JSON object');
  return body;
}

/** A text that is an image to one client and an index to another is an attack (CVE-2021-41190). */
function refuseMixed(body: JsonObject, form: 'image' | 'index'): void {
  const foreign = form === 'image' ? ['manifests'] : ['config', 'layers'];
  const found = ['fsLayers', ...foreign].find((field) => body[field] !== undefined);
  if (found) throw new RegistryError('MANIFEST_INVALID', `${found} does not belong to this media type`);
}

function readImage(body: JsonObject): Pick<Manifest, 'blobs' | 'manifests'> {
  const layers = readList(body.layers, 'layers').filter(({ mediaType }) => !livesElsewhere(mediaType));
  return { blobs: [readDescriptor(body.config, 'config'), ...layers], manifests: [] };
}

function readIndex(body: JsonObject): Pick<Manifest, 'blobs' | 'manifests'> {
  const entries = readList(body.manifests, 'manifests');
  const isManifest = ({ mediaType }: Descriptor) => MANIFEST_FORMS.has(mediaType);
  return { manifests: entries.filter(isManifest), blobs: entries.filter((entry) => !isManifest(entry)) };
}

function readList(value: unknown, place: string): Descriptor[] {
  if (!Array.isArray(value)) throw new RegistryError('MANIFEST_INVALID', `${place} is not a list`);
  if (value.length > MAX_REFERENCES) {
    throw new RegistryError('MANIFEST_INVALID', `${place} has more than ${MAX_REFERENCES} entries`);
  }
  return value.map((entry, index) => readDescriptor(entry, `${place}[${index}]`));
}

function artifactTypeOf(body: JsonObject): string | undefined {
  if (typeof body.artifactType === 'string' && body.artifactType !== '') return body.artifactType;
  const type = isJsonObject(body.config) ? body.config.mediaType : undefined;
  return typeof type === 'string' ? type : undefined;
}

function readAnnotations(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (!isJsonObject(value)) throw new RegistryError('MANIFEST_INVALID', 'annotations is not an object');
  const entries = Object.entries(value).map(([key, text]): [string, string] => {
    if (typeof text !== 'string')
      throw new RegistryError('MANIFEST_INVALID', 'an annotation is not a string');
    return [key, text];
  });
  // fromEntries defines keys, so that `__proto__` is one as any other
  return Object.fromEntries(entries);
}
