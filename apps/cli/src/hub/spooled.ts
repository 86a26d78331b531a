import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { onInterrupt } from './on-interrupt.ts';

/** A file, or a folder, that can be read from anywhere. */
interface Spooled {
  readonly path: string;
  /** Deletes it if it was made for this. */
  drop(): Promise<void>;
}

/** RFC 1952, section 2.3.1. */
const GZIP = Buffer.from([0x1f, 0x8b]);

/** Archives are read in any order: standard input (`-`) and what is compressed goes to a temporary file first. */
export async function spooled(from: string): Promise<Spooled> {
  if (from !== '-' && !(await isCompressed(from))) return { path: from, drop: () => Promise.resolve() };
  const folder = await mkdtemp(join(tmpdir(), 'sampan-'));
  const settle = onInterrupt(() => rmSync(folder, { recursive: true, force: true }));
  const drop = async () => {
    await rm(folder, { recursive: true, force: true });
    settle();
  };
  try {
    const path = join(folder, 'archive.tar');
    await pipeline(
      from === '-' ? process.stdin : uncompressed(from),
      createWriteStream(path, { mode: 0o600 }),
    );
    if (from !== '-' || !(await isCompressed(path))) return { path, drop };
    const plain = join(folder, 'plain.tar');
    await pipeline(uncompressed(path), createWriteStream(plain, { mode: 0o600 }));
    return { path: plain, drop };
  } catch (error) {
    await drop();
    throw error;
  }
}

const uncompressed = (path: string): Readable => createReadStream(path).pipe(createGunzip());

async function isCompressed(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return false;
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(GZIP.length), 0, GZIP.length, 0);
    return buffer.equals(GZIP);
  } finally {
    await file.close();
  }
}
