import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { tarEnd, tarHeader, tarPadding } from '@sampan/base';
import type { BlobOutcome, ContentSource, ContentTarget, Moved } from '../content/content.ts';
import type { Descriptor } from '../content/descriptor.ts';
import { type Manifest, needsOf } from '../content/manifest.ts';
import { isIndex } from '../content/media-types.ts';
import { verified } from '../content/verified.ts';
import { digestPath } from '../names/digest.ts';
import { indexEntries, indexText, LAYOUT_VERSION, withEntries } from './image-index.ts';

/**
 * Writes images as a tar archive of an OCI image layout, which `docker load` understands as well (its `manifest.json`).
 * One blob after the other, since that is what an archive is. `finish` it; whoever made the stream ends it.
 */
export class ArchiveTarget implements ContentTarget {
  readonly mostJobs = 1;
  readonly #out: Writable;
  readonly #repository: string | undefined;
  readonly #written = new Set<string>();
  #entries: Descriptor[] = [];
  readonly #docker: object[] = [];

  /** `repository`: for whole names. */
  constructor(out: Writable, repository?: string) {
    this.#out = out;
    this.#repository = repository;
  }

  hasManifest({ digest }: Descriptor): Promise<boolean> {
    return Promise.resolve(this.#written.has(digest));
  }

  async putBlob(blob: Descriptor, source: ContentSource, moved: Moved): Promise<BlobOutcome> {
    if (this.#written.has(blob.digest)) return 'there';
    await this.#write(tarHeader({ path: pathOf(blob), size: blob.size }));
    let at = 0;
    for await (const chunk of verified(blob, (await source.blob(blob, 0)) as AsyncIterable<Buffer>)) {
      await this.#write(chunk);
      at += chunk.length;
      moved(at);
    }
    await this.#write(tarPadding(blob.size));
    this.#written.add(blob.digest);
    return 'moved';
  }

  async putManifest(manifest: Manifest, tags: readonly string[] | undefined): Promise<void> {
    const { descriptor, bytes } = manifest;
    if (!this.#written.has(descriptor.digest)) await this.#file(pathOf(descriptor), bytes);
    this.#written.add(descriptor.digest);
    if (!tags) return;
    this.#entries = withEntries(this.#entries, indexEntries(descriptor, tags, this.#repository));
    if (!isIndex(descriptor.mediaType)) this.#docker.push(this.#dockerEntry(manifest, tags));
  }

  /** As `docker save` describes an image (moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format"). */
  #dockerEntry(manifest: Manifest, tags: readonly string[]): object {
    const { config, layers } = needsOf(manifest);
    const names = this.#repository === undefined ? [] : tags.map((tag) => `${this.#repository}:${tag}`);
    return { Config: config && pathOf(config), RepoTags: names, Layers: layers.map(pathOf) };
  }

  async finish(): Promise<void> {
    await this.#file('oci-layout', Buffer.from(LAYOUT_VERSION));
    await this.#file('index.json', Buffer.from(indexText(this.#entries)));
    if (this.#docker.length > 0) await this.#file('manifest.json', Buffer.from(JSON.stringify(this.#docker)));
    await this.#write(tarEnd());
  }

  async #file(path: string, bytes: Buffer): Promise<void> {
    await this.#write(
      Buffer.concat([tarHeader({ path, size: bytes.length }), bytes, tarPadding(bytes.length)]),
    );
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#out.errored) throw this.#out.errored;
    if (!this.#out.write(bytes)) await once(this.#out, 'drain');
  }
}

const pathOf = ({ digest }: Descriptor): string => `blobs/${digestPath(digest)}`;
