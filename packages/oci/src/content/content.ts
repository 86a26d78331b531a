import type { Readable } from 'node:stream';
import type { Descriptor } from './descriptor.ts';
import type { Manifest } from './manifest.ts';

/** Where images come from: a repository of a registry, a layout. All methods may be called at once and again. */
export interface ContentSource {
  /** The manifest under a tag or a digest. Throws `oci-not-found`, `oci-image-unknown`. */
  resolve(reference: string): Promise<Manifest>;
  /** Throws `oci-not-found`, `oci-content-mismatch`. */
  manifest(descriptor: Descriptor): Promise<Manifest>;
  /**
   * The bytes of a blob from `offset` on; whoever asks reads or destroys them. The digest is not checked. Throws
   * `oci-not-found`.
   */
  blob(descriptor: Descriptor, offset: number): Promise<Readable>;
}

/** Where images go to: a repository of a registry, a layout. All methods may be called at once and again. */
export interface ContentTarget {
  /** How many blobs may be put at once. */
  readonly mostJobs: number;
  hasManifest(descriptor: Descriptor): Promise<boolean>;
  /** Puts a blob whole or not at all, or finds that it is there. Throws `oci-content-mismatch`. */
  putBlob(descriptor: Descriptor, source: ContentSource, moved: Moved): Promise<BlobOutcome>;
  /**
   * After all that it names. `tags` is what an image is called, perhaps nothing; undefined for a manifest that is only a
   * part of another one.
   */
  putManifest(manifest: Manifest, tags: readonly string[] | undefined): Promise<void>;
}

/** Told how many bytes of a blob are there now; goes back when a part is sent again. */
export type Moved = (bytes: number) => void;

/** `mounted`: the registry took it from another of its repositories. */
export type BlobOutcome = 'there' | 'mounted' | 'moved';
