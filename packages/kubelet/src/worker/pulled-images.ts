import { createHash } from 'node:crypto';
import { SampanError } from '@sampan/base';
import type { RegistryCredentials } from '../runtime/index.ts';

/** Where it is remembered over the end of the process. */
export interface PulledImagesFile {
  /** undefined: nothing was written yet. */
  read(): string | undefined;
  /** Replaces all. */
  write(text: string): void;
}

interface Stored {
  /** By image (the digest of its configuration), then repository: hashes of what it was fetched with, or `*`. */
  readonly images: Record<string, Record<string, string[]>>;
  /** Names that were being fetched; what is there of them when that was cut short is nobody's. */
  readonly pulling: string[];
}

const ANYBODY = '*';

/**
 * Who may use images that are on the machine: whoever shows credentials that fetched them, everybody when they were
 * fetched without any, or were not fetched for a pod at all (KEP-2535, `NeverVerifyPreloadedImages`). One for all
 * clusters of the machine, whose containerd is one.
 */
export class PulledImages {
  readonly #file: PulledImagesFile | undefined;
  readonly #images: Map<string, Map<string, Set<string>>>;
  /** By name: how many fetch it. */
  readonly #pulling: Map<string, number>;

  /** Without a file it is forgotten with the process. */
  constructor(file?: PulledImagesFile) {
    this.#file = file;
    const { images, pulling } = parse(file?.read());
    this.#images = new Map(
      Object.entries(images).map(([id, repositories]) => [
        id,
        new Map(Object.entries(repositories).map(([name, hashes]) => [name, new Set(hashes)])),
      ]),
    );
    this.#pulling = new Map(pulling.map((image) => [image, 1]));
  }

  /** Whether a pod with these credentials may use what is there under a name. */
  mayUse(id: string, image: string, credentials: RegistryCredentials | undefined): boolean {
    const known = this.#images.get(id);
    if (!known) return !this.#pulling.has(image);
    const hashes = known.get(repositoryOf(image));
    return hashes !== undefined && (hashes.has(ANYBODY) || hashes.has(hashOf(credentials)));
  }

  /**
   * It is about to be fetched with credentials: should that be cut short, nobody may use what it left. `present`: the
   * image that has the name now. One that was there for everybody stays so: else whoever fails to fetch it would take it
   * from others. The returned function is called when the attempt is over.
   */
  begin(image: string, present: string | undefined): () => void {
    if (present !== undefined && !this.#images.has(present)) return () => {};
    this.#count(image, 1);
    return () => this.#count(image, -1);
  }

  #count(image: string, more: number): void {
    const before = this.#pulling.get(image) ?? 0;
    if (before + more > 0) this.#pulling.set(image, before + more);
    else this.#pulling.delete(image);
    if (before === 0 || before + more <= 0) this.#write();
  }

  /** It was fetched with these credentials; undefined: with none. */
  done(id: string, image: string, credentials: RegistryCredentials | undefined): void {
    const known = this.#images.getOrInsertComputed(id, () => new Map<string, Set<string>>());
    const hashes = known.getOrInsertComputed(repositoryOf(image), () => new Set<string>());
    const hash = hashOf(credentials);
    if (hashes.has(hash)) return;
    hashes.add(hash);
    this.#write();
  }

  /** Forgets those that are not there any more. */
  keepOnly(ids: ReadonlySet<string>): void {
    const gone = [...this.#images.keys()].filter((id) => !ids.has(id));
    for (const id of gone) this.#images.delete(id);
    if (gone.length > 0) this.#write();
  }

  #write(): void {
    const images = Object.fromEntries(
      [...this.#images].map(([id, repositories]) => [
        id,
        Object.fromEntries([...repositories].map(([name, hashes]) => [name, [...hashes]])),
      ]),
    );
    const stored: Stored = { images, pulling: [...this.#pulling.keys()] };
    this.#file?.write(`${JSON.stringify(stored)}\n`);
  }
}

/** Throws `pulled-images-invalid`. */
function parse(text: string | undefined): Stored {
  if (text === undefined) return { images: {}, pulling: [] };
  try {
    return JSON.parse(text) as Stored;
  } catch (error) {
    throw new SampanError(
      'pulled-images-invalid',
      'Who may use which image on this machine cannot be read.',
      {
        hint: 'Remove HOME/node/pulled-images.json: what is there is for all clusters then.',
        cause: error,
      },
    );
  }
}

/** Without tag and digest. */
const repositoryOf = (image: string): string => {
  const [name = ''] = image.split('@', 1);
  return name.replace(/:[\w][\w.-]*$/, '');
};

function hashOf(credentials: RegistryCredentials | undefined): string {
  if (!credentials) return ANYBODY;
  const { username, password, auth, identityToken, registryToken } = credentials;
  const text = JSON.stringify([username, password, auth, identityToken, registryToken]);
  return createHash('sha256').update(text).digest('base64url');
}
