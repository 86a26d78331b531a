import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { type Descriptor, isJsonObject } from '../content/descriptor.ts';
import { parseObject } from '../content/manifest.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_MANIFEST } from '../content/media-types.ts';
import { OciError } from '../errors.ts';
import { digestOf, isDigest } from '../names/digest.ts';
import type { LayoutFiles } from './layout-files.ts';

/** Where the bytes of a digest are. */
export type Place = { readonly file: string } | { readonly bytes: Buffer };

export interface ArchiveImage {
  readonly names: readonly string[];
  readonly descriptor: Descriptor;
}

export interface DockerArchive {
  readonly images: readonly ArchiveImage[];
  readonly places: ReadonlyMap<string, Place>;
}

/** What `docker save` calls its list of images. */
export const DOCKER_LIST_FILE = 'manifest.json';

const MAX_JSON_BYTES = 16 << 20;
const CHUNK = 1 << 20;
/** RFC 1952, section 2.3.1. */
const GZIP = Buffer.from([0x1f, 0x8b]);

/**
 * Images as `docker save` and `podman save` write them (moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem
 * Changeset Format"), given OCI manifests; layers stay as they are, mostly not compressed. Throws `oci-layout-invalid`.
 */
export async function readDockerArchive(files: LayoutFiles): Promise<DockerArchive> {
  const places = new Map<string, Place>();
  const images: ArchiveImage[] = [];
  for (const entry of parseList(await whole(files, DOCKER_LIST_FILE)))
    images.push(await readImage(files, entry, places));
  return { images, places };
}

async function readImage(
  files: LayoutFiles,
  entry: unknown,
  places: Map<string, Place>,
): Promise<ArchiveImage> {
  const { Config, RepoTags, Layers } = isJsonObject(entry) ? entry : {};
  if (typeof Config !== 'string' || !isTexts(Layers))
    throw invalid('an image in it has no config or no layers');
  const bytes = await whole(files, Config);
  const config = { mediaType: OCI_CONFIG, digest: digestOf(bytes), size: bytes.length };
  places.set(config.digest, { bytes });
  const diffIds = diffIdsIn(bytes);
  const layers: Descriptor[] = [];
  for (const [index, file] of Layers.entries()) {
    const layer = await describeLayer(files, file, diffIds[index]);
    places.set(layer.digest, { file });
    layers.push(layer);
  }
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }));
  const descriptor = { mediaType: OCI_MANIFEST, digest: digestOf(manifest), size: manifest.length };
  places.set(descriptor.digest, { bytes: manifest });
  return { names: isTexts(RepoTags) ? RepoTags : [], descriptor };
}

/** A layer that is not compressed is known by the config: its "diff id" is its digest. */
async function describeLayer(
  files: LayoutFiles,
  file: string,
  diffId: string | undefined,
): Promise<Descriptor> {
  const size = await files.size(inside(file));
  if (size === undefined) throw invalid(`it lacks the layer ${file}`);
  const isCompressed = (await files.read(file, 0, GZIP.length)).equals(GZIP);
  const mediaType = isCompressed ? OCI_LAYER_GZIP : OCI_LAYER;
  if (!isCompressed && diffId !== undefined) return { mediaType, digest: diffId, size };
  const hash = createHash('sha256');
  for (let at = 0; at < size; at += CHUNK) hash.update(await files.read(file, at, CHUNK));
  return { mediaType, digest: `sha256:${hash.digest('hex')}`, size };
}

function diffIdsIn(config: Buffer): readonly (string | undefined)[] {
  const { rootfs } = parseObject(config, 'the config');
  const ids: unknown = isJsonObject(rootfs) ? rootfs.diff_ids : undefined;
  return (Array.isArray(ids) ? ids : []).map((id) =>
    typeof id === 'string' && isDigest(id) ? id : undefined,
  );
}

function parseList(bytes: Buffer): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(bytes.toString());
    if (Array.isArray(list)) return list;
  } catch (cause) {
    throw new OciError('oci-layout-invalid', `${DOCKER_LIST_FILE} of the archive is not JSON.`, { cause });
  }
  throw invalid(`${DOCKER_LIST_FILE} is no list`);
}

async function whole(files: LayoutFiles, name: string): Promise<Buffer> {
  const size = await files.size(inside(name));
  if (size === undefined) throw invalid(`it lacks ${name}`);
  if (size > MAX_JSON_BYTES) throw invalid(`${name} is too large`);
  return await files.read(name, 0, size);
}

/** The list may come from anywhere, and the archive lie unpacked in a folder. */
function inside(name: string): string {
  const path = posix.normalize(name);
  if (path === name && !path.startsWith('../') && !posix.isAbsolute(path)) return name;
  throw invalid(`${JSON.stringify(name)} leads out of it`);
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string');

const invalid = (why: string): OciError =>
  new OciError('oci-layout-invalid', `The archive cannot be used: ${why}.`);
