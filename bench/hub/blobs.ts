/** Blobs of any size, no two alike, whose digests cost little, so that a client is not the slow one. */
import { createHash, type Hash, randomBytes } from 'node:crypto';
import { RawConnection } from './raw-connection.ts';
import { type BenchedRegistry, REPOSITORY } from './registries.ts';

const PIECE = randomBytes(1024 * 1024);
const UNIQUE_BYTES = 16;

export interface BenchBlob {
  readonly digest: string;
  readonly length: number;
  pieces(): Iterable<Uint8Array>;
}

const hashes = new Map<number, Hash>();

/** The hash of all but the last bytes, which is the same for all blobs of a size. */
function startOf(length: number): Hash {
  const known = hashes.get(length);
  if (known) return known.copy();
  const hash = createHash('sha256');
  for (const piece of common(length)) hash.update(piece);
  hashes.set(length, hash);
  return hash.copy();
}

function* common(length: number): Generator<Uint8Array> {
  for (let left = length - UNIQUE_BYTES; left > 0; left -= PIECE.length) {
    yield left >= PIECE.length ? PIECE : PIECE.subarray(0, left);
  }
}

export function makeBlob(length: number): BenchBlob {
  const unique = randomBytes(UNIQUE_BYTES);
  const digest = `sha256:${startOf(length).update(unique).digest('hex')}`;
  function* pieces(): Generator<Uint8Array> {
    yield* common(length);
    yield unique;
  }
  return { digest, length, pieces };
}

export async function pushBlob(
  connection: RawConnection,
  { headers }: BenchedRegistry,
  blob: BenchBlob,
  repository: string = REPOSITORY,
): Promise<void> {
  const start = await connection.request('POST', `/v2/${repository}/blobs/uploads/`, headers);
  const url = new URL(start.headers.get('location') ?? '', 'http://registry');
  url.searchParams.set('digest', blob.digest);
  const put = await connection.request('PUT', url.pathname + url.search, headers, {
    length: blob.length,
    pieces: blob.pieces(),
  });
  if (put.status !== 201) throw new Error(`a push was answered by ${put.status}`);
}

async function pullBlob(
  connection: RawConnection,
  { headers }: BenchedRegistry,
  { digest, length }: BenchBlob,
): Promise<void> {
  const got = await connection.request('GET', `/v2/${REPOSITORY}/blobs/${digest}`, headers);
  if (got.status !== 200 || got.bytes !== length) throw new Error(`a pull was answered by ${got.status}`);
}

/** Pushes and then pulls blobs, `clients` at a time; MB (10^6 bytes) a second of both. `after`: called after each. */
export async function transfer(
  registry: BenchedRegistry,
  blobs: readonly BenchBlob[],
  clients: number,
  after = (): void => {},
): Promise<{ push: number; pull: number }> {
  const total = blobs.reduce((sum, { length }) => sum + length, 0) / 1e6;
  const connections = Array.from({ length: clients }, () => new RawConnection(registry.port, registry.ca));
  const rate = async (task: (connection: RawConnection, blob: BenchBlob) => Promise<void>) => {
    const waiting = [...blobs];
    const began = performance.now();
    const work = connections.map(async (connection) => {
      for (let blob = waiting.pop(); blob; blob = waiting.pop()) await task(connection, blob);
    });
    await Promise.all(work);
    const seconds = (performance.now() - began) / 1000;
    after();
    return total / seconds;
  };
  const push = await rate((connection, blob) => pushBlob(connection, registry, blob));
  const pull = await rate((connection, blob) => pullBlob(connection, registry, blob));
  for (const connection of connections) connection.close();
  return { push, pull };
}
