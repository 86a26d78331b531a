import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type DigestAlgorithm, digestOf } from '@sampan/blobs';

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
const OCI_EMPTY = 'application/vnd.oci.empty.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar';
const NONDISTRIBUTABLE = 'application/vnd.oci.image.layer.nondistributable.v1.tar';
const EXAMPLE_1 = 'application/vnd.example.one.v1';
const EXAMPLE_2 = 'application/vnd.example.two.v1';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly [field: string]: unknown;
}

interface StoredManifest {
  readonly mediaType: string;
  readonly bytes: Buffer<ArrayBuffer>;
  readonly tags: readonly string[];
}

interface Referrer extends Descriptor {
  readonly artifactType: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface ManifestOptions {
  readonly tags?: readonly string[];
  readonly subject?: Descriptor;
  /** Fields of the manifest beside what makes it one. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

interface ImageOptions extends ManifestOptions {
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
}

/** Blobs and manifests that belong together, with what a registry must answer about them. */
export class Contents {
  readonly algorithm: DigestAlgorithm;
  readonly blobs = new Map<string, Buffer<ArrayBuffer>>();
  /** In the order in which they can be pushed. */
  readonly manifests = new Map<string, StoredManifest>();
  /** By digest of the subject. */
  readonly referrers = new Map<string, Referrer[]>();

  constructor(algorithm: DigestAlgorithm = 'sha256') {
    this.algorithm = algorithm;
  }

  blob(mediaType: string, bytes: Buffer<ArrayBuffer> = randomBytes(200)): Descriptor {
    const digest = digestOf(bytes, this.algorithm);
    this.blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  layer(): Descriptor {
    return this.blob(`${LAYER}+gzip`, gzipSync(randomBytes(300)));
  }

  config(fields: object = {}): Descriptor {
    const text = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] }, ...fields };
    return this.blob(
      OCI_CONFIG,
      Buffer.from(JSON.stringify({ ...text, id: randomBytes(8).toString('hex') })),
    );
  }

  image({ config, layers, ...options }: ImageOptions = {}): Descriptor {
    const body = { config: config ?? this.config(), layers: layers ?? [this.layer(), this.layer()] };
    return this.#manifest(OCI_MANIFEST, body, options);
  }

  /** An artifact as the image specification advises: with the empty descriptor as its config. */
  artifact(artifactType: string, options: ImageOptions = {}): Descriptor {
    const empty = this.blob(OCI_EMPTY, Buffer.from('{}'));
    const fields = { artifactType, ...options.fields };
    return this.image({ config: empty, layers: [this.blob(artifactType)], ...options, fields });
  }

  index(manifests: readonly Descriptor[], options: ManifestOptions = {}): Descriptor {
    return this.#manifest(OCI_INDEX, { manifests }, options);
  }

  #manifest(mediaType: string, body: object, { tags = [], subject, fields }: ManifestOptions): Descriptor {
    const text = { schemaVersion: 2, mediaType, ...body, ...(subject ? { subject } : {}), ...fields };
    const bytes = Buffer.from(JSON.stringify(text));
    const digest = digestOf(bytes, this.algorithm);
    this.manifests.set(digest, { mediaType, bytes, tags });
    const descriptor = { mediaType, digest, size: bytes.length };
    if (subject) this.#refer(subject, descriptor, text);
    return descriptor;
  }

  #refer(subject: Descriptor, descriptor: Descriptor, text: object): void {
    const { artifactType, config, annotations } = text as Partial<Referrer> & { config?: Descriptor };
    const type = artifactType ?? config?.mediaType ?? '';
    const referrer = { ...descriptor, artifactType: type, ...(annotations ? { annotations } : {}) };
    this.referrers.set(subject.digest, [...(this.referrers.get(subject.digest) ?? []), referrer]);
  }
}

const PLATFORMS = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));

const platforms = (contents: Contents, make = () => contents.image()): Descriptor[] =>
  PLATFORMS.map((platform) => ({ ...make(), platform }));

const annotations = (): Record<string, string> => ({ 'org.example.id': randomBytes(8).toString('hex') });

/** About an image: something signed, something listed, and a plain image that names it. */
function withReferrers(contents: Contents, subject: Descriptor): void {
  contents.image({ subject });
  contents.artifact(EXAMPLE_1, { subject, fields: { annotations: annotations() }, tags: ['referrer-1'] });
  contents.artifact(EXAMPLE_2, { subject, fields: { annotations: annotations() } });
}

/** What upstream's conformance suite pushes, lists, pulls and deletes, each made afresh. */
export const CONTENTS: Readonly<Record<string, () => Contents>> = {
  'an image': () => filled((contents) => contents.image({ tags: ['image', 'latest'] })),
  'an image of uncompressed layers': () =>
    filled((contents) => contents.image({ tags: ['plain'], layers: [contents.blob(LAYER)] })),
  'an image without layers': () => filled((contents) => contents.image({ tags: ['bare'], layers: [] })),
  'an image whose manifest is nearly as large as allowed': () =>
    filled((contents) => {
      const large = Array.from({ length: 390 }, (_, n) => [`large-${n}`, 'A'.repeat(10_000)]);
      contents.image({ tags: ['large'], fields: { annotations: Object.fromEntries(large) } });
    }),
  'an index': () => filled((contents) => contents.index(platforms(contents), { tags: ['index'] })),
  'an index of indexes': () =>
    filled((contents) => {
      const inner = [contents.index(platforms(contents)), contents.index(platforms(contents))];
      contents.index(inner, { tags: ['nested'] });
    }),
  'an empty index': () => filled((contents) => contents.index([], { tags: ['empty-index'] })),
  'an artifact': () => filled((contents) => contents.artifact(EXAMPLE_1, { tags: ['artifact'] })),
  'an artifact of nothing but its type': () =>
    filled((contents) => {
      const empty = contents.blob(OCI_EMPTY, Buffer.from('{}'));
      contents.artifact(EXAMPLE_1, { layers: [empty], tags: ['type-only'] });
    }),
  'an index of artifacts': () =>
    filled((contents) => {
      const artifacts = platforms(contents, () => contents.artifact(EXAMPLE_1));
      contents.index(artifacts, { fields: { artifactType: EXAMPLE_1 }, tags: ['artifacts'] });
    }),
  'an image and its referrers': () =>
    filled((contents) => withReferrers(contents, contents.image({ tags: ['subject'] }))),
  'an index about an index': () =>
    filled((contents) => {
      const subject = contents.index(platforms(contents), { tags: ['subject-index'] });
      const fields = { artifactType: EXAMPLE_1, annotations: annotations() };
      contents.index([contents.artifact(EXAMPLE_1)], { subject, fields });
    }),
  'referrers of what never comes': () =>
    filled((contents) =>
      withReferrers(contents, { mediaType: OCI_MANIFEST, digest: digestOf(randomBytes(9)), size: 123 }),
    ),
  'descriptors that carry their data': () =>
    filled((contents) => {
      const config = contents.config();
      const data = contents.blobs.get(config.digest)?.toString('base64');
      contents.image({ config: { ...config, data }, tags: ['data'] });
    }),
  'layers that live elsewhere': () =>
    filled((contents) => {
      const elsewhere = {
        mediaType: NONDISTRIBUTABLE,
        digest: digestOf(randomBytes(9)),
        size: 12_345,
        urls: ['https://store.example.com/layer'],
      };
      contents.image({ layers: [elsewhere, contents.layer()], tags: ['elsewhere'] });
    }),
  'fields that nobody knows': () =>
    filled((contents) => {
      const config = contents.config({ 'org.example.unknown': 1 });
      const image = contents.image({ config, fields: { 'org.example.unknown': { a: [1] } } });
      contents.index([{ ...image, extra: true }], {
        fields: { 'org.example.unknown': 2 },
        tags: ['unknown'],
      });
    }),
  'an index of sha512': () =>
    filled((contents) => contents.index(platforms(contents), { tags: ['sha512', 'sha512-too'] }), 'sha512'),
};

function filled(fill: (contents: Contents) => void, algorithm?: DigestAlgorithm): Contents {
  const contents = new Contents(algorithm);
  fill(contents);
  return contents;
}
