import type { Readable } from 'node:stream';
import type { BlobOutcome, ContentSource, ContentTarget, Moved } from '../content/content.ts';
import type { Descriptor } from '../content/descriptor.ts';
import { MAX_MANIFEST_BYTES, type Manifest, parseObject } from '../content/manifest.ts';
import { isManifest, MANIFEST_TYPES, mediaTypeOf, OCI_INDEX } from '../content/media-types.ts';
import { OciError } from '../errors.ts';
import { digestOf, hashFor, isDigest } from '../names/digest.ts';
import { downloadBlob } from './download.ts';
import { pagesOf } from './pages.ts';
import type { Registry, RegistryCall } from './registry.ts';
import { uploadBlob } from './upload.ts';

/** One repository of a registry. Make it by `registry.repository(NAME)`. */
export class Repository implements ContentSource, ContentTarget {
  readonly registry: Registry;
  readonly name: string;
  readonly mostJobs = 32;

  constructor(registry: Registry, name: string) {
    this.registry = registry;
    this.name = name;
  }

  url(path: string): URL {
    return new URL(`/v2/${this.name}/${path}`, this.registry.origin);
  }

  /** What a token must grant. */
  scope(...actions: readonly string[]): string {
    return `repository:${this.name}:${actions.join(',')}`;
  }

  async resolve(reference: string): Promise<Manifest> {
    const { answer, body } = await this.registry.text(
      {
        method: 'GET',
        url: this.url(`manifests/${reference}`),
        scopes: [this.scope('pull')],
        headers: { accept: MANIFEST_TYPES.join(', ') },
        expected: [200],
        what: `${this.name}:${reference}`.replace(/:(?=sha\d+:)/, '@'),
      },
      MAX_MANIFEST_BYTES,
    );
    const digest = isDigest(reference)
      ? `${reference.split(':', 1)[0]}:${hashFor(reference).update(body).digest('hex')}`
      : digestOf(body);
    const mismatch = isDigest(reference) && digest !== reference;
    if (mismatch) throw mismatched(reference);
    const mediaType = typeOf(answer.headers['content-type'], body);
    return { descriptor: { mediaType, digest, size: body.length }, bytes: body };
  }

  async manifest(descriptor: Descriptor): Promise<Manifest> {
    const { bytes } = await this.resolve(descriptor.digest);
    if (bytes.length !== descriptor.size) throw mismatched(descriptor.digest);
    return { descriptor, bytes };
  }

  blob(descriptor: Descriptor, offset: number): Promise<Readable> {
    return downloadBlob(this, descriptor, offset);
  }

  hasManifest({ digest }: Descriptor): Promise<boolean> {
    return this.#has('manifests', digest, { accept: MANIFEST_TYPES.join(', ') });
  }

  hasBlob({ digest }: Descriptor): Promise<boolean> {
    return this.#has('blobs', digest, {});
  }

  async #has(kind: string, digest: string, headers: RegistryCall['headers'] & object): Promise<boolean> {
    const scopes = [this.scope('pull', 'push')];
    const url = this.url(`${kind}/${digest}`);
    const what = `to look at ${this.name}`;
    const call = { method: 'HEAD', url, scopes, headers, expected: [200, 404], what };
    const { status } = (await this.registry.text(call)).answer;
    return status === 200;
  }

  putBlob(descriptor: Descriptor, source: ContentSource, moved: Moved): Promise<BlobOutcome> {
    return uploadBlob(this, descriptor, source, moved);
  }

  async putManifest({ descriptor, bytes }: Manifest, tags: readonly string[] = []): Promise<void> {
    for (const reference of tags.length > 0 ? tags : [descriptor.digest]) {
      await this.registry.text({
        method: 'PUT',
        url: this.url(`manifests/${reference}`),
        scopes: [this.scope('pull', 'push')],
        headers: { 'content-type': descriptor.mediaType, 'content-length': String(bytes.length) },
        body: () => bytes,
        expected: [201, 200, 202],
        what: `${this.name}:${reference}`,
      });
    }
  }

  /** A manifest by its digest, or a tag alone. Throws `oci-not-found`. */
  async delete(reference: string): Promise<void> {
    await this.registry.text({
      method: 'DELETE',
      url: this.url(`manifests/${reference}`),
      scopes: [this.scope('delete')],
      expected: [202, 200, 204],
      what: `to delete ${reference} of ${this.name}`,
    });
  }

  /** All tags, in the registry's order. Throws `oci-not-found`. */
  async tags(): Promise<string[]> {
    const pages = pagesOf(this.registry, {
      method: 'GET',
      url: this.url('tags/list'),
      scopes: [this.scope('pull')],
      expected: [200],
      what: `the tags of ${this.name}`,
    });
    const found: string[] = [];
    for await (const page of pages) found.push(...((page as { tags?: string[] | null }).tags ?? []));
    return found;
  }

  /** What refers to a manifest: signatures, for example. Empty where the registry does not know referrers. */
  async referrers(digest: string): Promise<Descriptor[]> {
    const pages = pagesOf(this.registry, {
      method: 'GET',
      url: this.url(`referrers/${digest}`),
      scopes: [this.scope('pull')],
      headers: { accept: OCI_INDEX },
      expected: [200, 404],
      what: `the referrers of ${digest}`,
    });
    const found: Descriptor[] = [];
    for await (const page of pages) found.push(...((page as { manifests?: Descriptor[] }).manifests ?? []));
    return found;
  }
}

/** Some registries say `application/json`. */
function typeOf(header: string | undefined, body: Buffer): string {
  const said = mediaTypeOf(header);
  const own = isManifest(said) ? undefined : parseObject(body, 'the manifest').mediaType;
  return typeof own === 'string' ? own : said;
}

const mismatched = (digest: string): OciError =>
  new OciError('oci-content-mismatch', `The registry answered with other bytes than those of ${digest}.`);
