import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { SampanError, TAR_BLOCK, tarEnd, tarHeader, tarPadding, tarSum } from '@sampan/base';

const CHUNK = 256 * 1024;
/** Of the format's eleven octal digits. */
const MOST_BYTES = 8 ** 11 - 1;
const SUMS = 'SHA256SUMS';

/** What is put into an archive: bytes, or a file. */
export type TarSource = { readonly text: string } | { readonly file: string };

/** Writes files to a new tar archive, in one folder only, and last their checksums as sha256sum(1) reads them. Resolves with its size. */
export async function writeTar(
  archive: string,
  files: readonly (readonly [name: string, source: TarSource])[],
): Promise<number> {
  const out = await open(archive, 'wx', 0o600);
  try {
    const sums: string[] = [];
    for (const [name, source] of files) sums.push(`${await writeEntry(out, name, source)}  ${name}\n`);
    await writeEntry(out, SUMS, { text: sums.join('') });
    await out.write(tarEnd());
    await out.sync();
    return (await out.stat()).size;
  } finally {
    await out.close();
  }
}

async function writeEntry(out: FileHandle, name: string, source: TarSource): Promise<string> {
  const hash = createHash('sha256');
  if ('text' in source) {
    const bytes = Buffer.from(source.text);
    await out.write(Buffer.concat([header(name, bytes.length), bytes, tarPadding(bytes.length)]));
    return hash.update(bytes).digest('hex');
  }
  const input = await open(source.file, 'r');
  try {
    const { size } = await input.stat();
    if (size > MOST_BYTES)
      throw new SampanError('guest-backup-too-large', `${source.file} is too large for an archive`);
    await out.write(header(name, size));
    await copy(input, size, async (chunk) => {
      hash.update(chunk);
      await out.write(chunk);
    });
    await out.write(tarPadding(size));
    return hash.digest('hex');
  } finally {
    await input.close();
  }
}

/**
 * Reads an archive of `writeTar`: small files as texts, those in `into` to new files of their own. Throws
 * `guest-backup-invalid` when anything in it is not as it was written, or its end is missing.
 */
export async function readTar(
  archive: string,
  into: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, string>> {
  const input = await open(archive, 'r');
  const texts = new Map<string, string>();
  const sums = new Map<string, string>();
  try {
    for (;;) {
      const head = await exactly(input, TAR_BLOCK, archive);
      if (head.every((byte) => byte === 0)) break;
      const { name, size } = parseHeader(head, archive);
      const { sum, text } = await readEntry(input, size, into[name], archive);
      if (text !== undefined) texts.set(name, text);
      sums.set(name, sum);
      await exactly(input, tarPadding(size).length, archive);
    }
  } finally {
    await input.close();
  }
  check(sums, texts.get(SUMS), archive);
  return texts;
}

function check(found: Map<string, string>, list: string | undefined, archive: string): void {
  if (list === undefined) throw invalid(archive, 'its checksums are missing');
  const written = new Map(list.split('\n').flatMap((line) => (line === '' ? [] : [pair(line)])));
  found.delete(SUMS);
  for (const [name, sum] of found)
    if (written.get(name) !== sum) throw invalid(archive, `${name} is not as it was written`);
  for (const name of written.keys()) if (!found.has(name)) throw invalid(archive, `${name} is missing`);
}

const pair = (line: string): [string, string] => [line.slice(66), line.slice(0, 64)];
/** Texts that are kept in memory. */
const MOST_TEXT = 1 << 20;

async function readEntry(
  input: FileHandle,
  size: number,
  file: string | undefined,
  archive: string,
): Promise<{ readonly sum: string; readonly text?: string }> {
  const hash = createHash('sha256');
  if (file === undefined) {
    if (size > MOST_TEXT) throw invalid(archive, 'it holds what no backup holds');
    const bytes = await exactly(input, size, archive);
    return { sum: hash.update(bytes).digest('hex'), text: bytes.toString() };
  }
  const out = await open(file, 'wx', 0o600);
  try {
    await copy(input, size, async (chunk) => {
      hash.update(chunk);
      await out.write(chunk);
    }).catch((error: unknown) => {
      throw error instanceof RangeError ? invalid(archive, 'it is cut off') : error;
    });
    await out.sync();
  } finally {
    await out.close();
  }
  return { sum: hash.digest('hex') };
}

/** Rejects with a RangeError when there is less. */
async function copy(input: FileHandle, size: number, write: (chunk: Buffer) => Promise<void>): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK, size));
  for (let left = size; left > 0; ) {
    const { bytesRead } = await input.read(buffer, 0, Math.min(buffer.length, left));
    if (bytesRead === 0) throw new RangeError('the file ends early');
    await write(buffer.subarray(0, bytesRead));
    left -= bytesRead;
  }
}

async function exactly(input: FileHandle, size: number, archive: string): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await input.read(bytes, at, size - at);
    if (bytesRead === 0) throw invalid(archive, 'it is cut off');
    at += bytesRead;
  }
  return bytes;
}

function header(path: string, size: number): Buffer {
  return tarHeader({ path, size, mode: 0o600, modified: Math.floor(Date.now() / 1000) });
}

function parseHeader(block: Buffer, archive: string): { readonly name: string; readonly size: number } {
  const text = (from: number, to: number) => block.toString('latin1', from, to).split('\0')[0]?.trim() ?? '';
  const size = Number.parseInt(text(124, 136), 8);
  const isSound = Number.parseInt(text(148, 156), 8) === tarSum(block) && size >= 0;
  if (!isSound) throw invalid(archive, 'it is no backup, or a damaged one');
  return { name: text(0, 100), size };
}

export const invalid = (archive: string, why: string): SampanError =>
  new SampanError('guest-backup-invalid', `${archive} cannot be used: ${why}.`, {
    hint: 'Name another backup.',
  });
