import type { Readable } from 'node:stream';
import type { ContentSource } from '../content/content.ts';
import { type Descriptor, readDescriptor } from '../content/descriptor.ts';
import { MAX_MANIFEST_BYTES, type Manifest, parseObject } from '../content/manifest.ts';
import { OciError } from '../errors.ts';
import { digestPath, hashFor, isDigest } from '../names/digest.ts';
import { memoryBytes } from './byte-source.ts';
import { DOCKER_LIST_FILE, type Place, readDockerArchive } from './docker-archive.ts';
import type { LayoutFiles } from './layout-files.ts';

/** An image of a layout. */
export interface LayoutImage {
  /** As the layout names it: a tag, or a whole reference; undefined: it does not. */
  readonly name: string | undefined;
  readonly descriptor: Descriptor;
}

/** Annotations by which writers name images (image specification, "Pre-Defined Annotation Keys"; containerd). */
export const REF_NAME = 'org.opencontainers.image.ref.name';
export const CONTAINERD_NAME = 'io.containerd.image.name';

const INDEX = 'index.json';

/** Images in a folder or archive as the image specification has them ("OCI Image Layout"), or as Docker saves them. Close it. */
export class Layout implements ContentSource {
  readonly images: readonly LayoutImage[];
  readonly #files: LayoutFiles;
  /** Of what is not where a layout has it. */
  readonly #places: ReadonlyMap<string, Place>;

  private constructor(
    files: LayoutFiles,
    images: readonly LayoutImage[],
    places: ReadonlyMap<string, Place> = new Map(),
  ) {
    this.#files = files;
    this.images = images;
    this.#places = places;
  }

  /** Closes the files when it is closed. Throws `oci-layout-invalid`. */
  static async open(files: LayoutFiles): Promise<Layout> {
    const isLayout = (await files.size(INDEX)) !== undefined;
    if (!isLayout && (await files.size(DOCKER_LIST_FILE)) !== undefined)
      return await Layout.#openDocker(files);
    const body = parseObject(await wholeFile(files, INDEX), INDEX);
    const manifests = Array.isArray(body.manifests) ? body.manifests : [];
    const images = manifests.map((entry, index) => {
      const descriptor = readDescriptor(entry, `manifests[${index}] of ${INDEX}`);
      const { annotations = {} } = descriptor;
      return { name: annotations[CONTAINERD_NAME] ?? annotations[REF_NAME], descriptor };
    });
    return new Layout(files, images);
  }

  static async #openDocker(files: LayoutFiles): Promise<Layout> {
    const { images, places } = await readDockerArchive(files);
    const named = images.flatMap(({ names, descriptor }): LayoutImage[] =>
      names.length > 0 ? names.map((name) => ({ name, descriptor })) : [{ name: undefined, descriptor }],
    );
    return new Layout(files, named, places);
  }

  /** The image that a name, tag or digest means; '' for the only one. Throws `oci-image-unknown`. */
  find(reference: string): LayoutImage {
    const found = this.images.filter((image) => isMeant(image, reference));
    const [only] = found;
    if (only && new Set(found.map(({ descriptor }) => descriptor.digest)).size === 1) return only;
    const names = this.images.map(({ name, descriptor }) => name ?? descriptor.digest);
    const problem =
      reference === ''
        ? `It holds ${names.length} images`
        : only
          ? `${JSON.stringify(reference)} means several images`
          : `It has no image ${JSON.stringify(reference)}`;
    throw new OciError('oci-image-unknown', `${problem}.`, {
      hint: names.length > 0 ? `Name one of: ${names.slice(0, 20).join(', ')}` : 'It is empty.',
    });
  }

  async resolve(reference: string): Promise<Manifest> {
    return await this.manifest(this.find(reference).descriptor);
  }

  async manifest(descriptor: Descriptor): Promise<Manifest> {
    const { digest, size } = descriptor;
    if (size > MAX_MANIFEST_BYTES)
      throw new OciError('oci-manifest-invalid', `${digest} is too large for a manifest.`);
    const bytes = await this.#read(descriptor);
    const found = hashFor(digest).update(bytes).digest('hex');
    if (!digest.endsWith(found) || bytes.length !== size) throw mismatch(digest);
    return { descriptor, bytes };
  }

  async #read(descriptor: Descriptor): Promise<Buffer> {
    const place = this.#places.get(descriptor.digest);
    if (place && 'bytes' in place) return place.bytes;
    return await this.#files.read(await this.#path(descriptor), 0, descriptor.size);
  }

  async blob(descriptor: Descriptor, offset: number): Promise<Readable> {
    const place = this.#places.get(descriptor.digest);
    if (place && 'bytes' in place)
      return memoryBytes(place.bytes).stream(offset, place.bytes.length - offset);
    return await this.#files.stream(await this.#path(descriptor), offset, descriptor.size - offset);
  }

  async #path({ digest, size }: Descriptor): Promise<string> {
    const place = this.#places.get(digest);
    const path = place && 'file' in place ? place.file : `blobs/${digestPath(digest)}`;
    const found = await this.#files.size(path);
    if (found === undefined) throw new OciError('oci-layout-invalid', `The layout lacks ${digest}.`);
    if (found !== size) throw mismatch(digest);
    return path;
  }

  close(): Promise<void> {
    return this.#files.close();
  }
}

function isMeant({ name, descriptor }: LayoutImage, reference: string): boolean {
  if (reference === '') return true;
  if (isDigest(reference)) return descriptor.digest === reference;
  return (
    name === reference || name?.endsWith(`:${reference}`) === true || name?.endsWith(`/${reference}`) === true
  );
}

async function wholeFile(files: LayoutFiles, name: string): Promise<Buffer> {
  const size = await files.size(name);
  if (size === undefined || size > MAX_MANIFEST_BYTES)
    throw new OciError('oci-layout-invalid', `There is no ${name} of an image layout.`);
  return await files.read(name, 0, size);
}

const mismatch = (digest: string): OciError =>
  new OciError('oci-content-mismatch', `The layout has other bytes than those of ${digest}.`);
