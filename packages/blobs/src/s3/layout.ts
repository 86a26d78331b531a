import { type Digest, digestAlgorithm, digestHex, parseDigest } from '../digest.ts';
import { InvalidDigestError } from '../errors.ts';

/** Keys of objects behind a prefix that is empty or ends in `/`: in order as the digests are. */
export class Layout {
  readonly blobs: string;
  readonly uploads: string;
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.blobs = `${prefix}blobs/`;
    this.uploads = `${prefix}uploads/`;
  }

  blob(digest: Digest): string {
    const hex = digestHex(digest);
    return `${this.blobs}${digestAlgorithm(digest)}/${hex.slice(0, 2)}/${hex}`;
  }

  /** Where an upload stands, and its bytes that are not in a part yet. */
  state(id: string): string {
    return `${this.uploads}${id}`;
  }

  /** The object that the parts of an upload become before it is copied to its digest. */
  data(id: string): string {
    return `${this.#prefix}upload-data/${id}`;
  }

  /** undefined: somebody else's object. */
  digestOf(key: string): Digest | undefined {
    const [algorithm = '', , hex = ''] = key.slice(this.blobs.length).split('/');
    try {
      const digest = parseDigest(`${algorithm}:${hex}`);
      return this.blob(digest) === key ? digest : undefined;
    } catch (error) {
      if (error instanceof InvalidDigestError) return undefined;
      throw error;
    }
  }
}
