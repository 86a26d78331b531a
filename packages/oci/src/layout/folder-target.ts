import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BlobOutcome, ContentSource, ContentTarget, Moved } from '../content/content.ts';
import { type Descriptor, readDescriptor } from '../content/descriptor.ts';
import { type Manifest, parseObject } from '../content/manifest.ts';
import { type Checked, verified } from '../content/verified.ts';
import { OciError } from '../errors.ts';
import { digestPath, hashFor } from '../names/digest.ts';
import { indexEntries, indexText, LAYOUT_VERSION, withEntries } from './image-index.ts';

/**
 * Writes images to a folder (image specification, "OCI Image Layout"), beside those that are there. What was broken off
 * lies in `….part` files, and the next time goes on with them. Not for two writers at once.
 */
export class FolderTarget implements ContentTarget {
  readonly mostJobs = 32;
  readonly #folder: string;
  readonly #repository: string | undefined;

  private constructor(folder: string, repository: string | undefined) {
    this.#folder = folder;
    this.#repository = repository;
  }

  /** Makes it if it is not there. `repository`: for whole names. Throws `oci-layout-invalid` for a folder of other things. */
  static async open(folder: string, repository?: string): Promise<FolderTarget> {
    await mkdir(join(folder, 'blobs'), { recursive: true });
    const names = await readdir(folder);
    if (!names.includes('oci-layout')) {
      if (names.length > 1) {
        throw new OciError('oci-layout-invalid', `${folder} holds other things than images.`, {
          hint: 'Name a new folder, or a file that ends with .tar',
        });
      }
      await writeFile(join(folder, 'oci-layout'), LAYOUT_VERSION);
    }
    return new FolderTarget(folder, repository);
  }

  hasManifest(descriptor: Descriptor): Promise<boolean> {
    return this.#has(descriptor);
  }

  async #has({ digest, size }: Descriptor): Promise<boolean> {
    return (await sizeOf(this.#path(digest))) === size;
  }

  #path(digest: string): string {
    return join(this.#folder, 'blobs', digestPath(digest));
  }

  async putBlob(blob: Descriptor, source: ContentSource, moved: Moved): Promise<BlobOutcome> {
    if (await this.#has(blob)) return 'there';
    const path = this.#path(blob.digest);
    const part = `${path}.part`;
    await mkdir(dirname(path), { recursive: true });
    const begun = await readPart(part, blob);
    let at = begun.offset;
    const bytes = verified(blob, (await source.blob(blob, at)) as AsyncIterable<Buffer>, begun);
    const counted = async function* () {
      for await (const chunk of bytes) {
        yield chunk;
        at += chunk.length;
        moved(at);
      }
    };
    const out = await open(part, 'a', 0o644);
    try {
      await pipeline(counted, out.createWriteStream({ flush: true }));
    } catch (error) {
      if (error instanceof OciError && error.code === 'oci-content-mismatch') await rm(part, { force: true });
      throw error;
    } finally {
      await out.close().catch(ignoreClosed);
    }
    await rename(part, path);
    return 'moved';
  }

  async putManifest({ descriptor, bytes }: Manifest, tags: readonly string[] | undefined): Promise<void> {
    const path = this.#path(descriptor.digest);
    await mkdir(dirname(path), { recursive: true });
    await writeWhole(path, bytes);
    if (!tags) return;
    const index = join(this.#folder, 'index.json');
    const entries = withEntries(await readEntries(index), indexEntries(descriptor, tags, this.#repository));
    await writeWhole(index, indexText(entries));
  }
}

/** What is there of a blob, in a hash. More than the blob has is none of it. */
async function readPart(part: string, { digest, size }: Descriptor): Promise<Checked> {
  const hash = hashFor(digest);
  const there = (await sizeOf(part)) ?? 0;
  if (there === 0 || there > size) {
    if (there > size) await truncate(part);
    return { hash, offset: 0 };
  }
  for await (const chunk of createReadStream(part)) hash.update(chunk as Buffer);
  return { hash, offset: there };
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readEntries(index: string): Promise<Descriptor[]> {
  if ((await sizeOf(index)) === undefined) return [];
  const { manifests } = parseObject(await readFile(index), index);
  return (Array.isArray(manifests) ? manifests : []).map((entry, at) =>
    readDescriptor(entry, `manifests[${at}] of ${index}`),
  );
}

/** A reader meets the old content or the new. */
async function writeWhole(path: string, content: string | Buffer): Promise<void> {
  await writeFile(`${path}.new`, content, { flush: true });
  await rename(`${path}.new`, path);
}

/** The stream closed it before. */
function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EBADF') throw error;
}
