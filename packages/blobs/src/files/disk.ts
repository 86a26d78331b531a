import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SampanError } from '@sampan/base';
import { BlobSpaceError, BlobStorageError } from '../errors.ts';

/** The code of a failed system call, such as `ENOENT`. */
export function systemCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
}

const NO_SPACE: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What a failed system call means to who called the store. */
export function diskError(what: string, thrown: unknown): SampanError {
  if (thrown instanceof SampanError) return thrown;
  return NO_SPACE.has(systemCode(thrown)) ? new BlobSpaceError(thrown) : new BlobStorageError(what, thrown);
}

/** Makes renames and new files in a folder outlive power loss. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder and those above it, all of them durable. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** Writes all of the buffers at a place; system calls may write less than they are given. */
export async function writeAll(
  handle: FileHandle,
  buffers: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let left = buffers;
  let at = position;
  while (left.length > 0) {
    const { bytesWritten } = await handle.writev(left, at);
    at += bytesWritten;
    left = behind(left, bytesWritten);
  }
}

/** What is left of buffers behind their first `count` bytes. */
function behind(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  let skipped = 0;
  const left: Uint8Array[] = [];
  for (const buffer of buffers) {
    const start = Math.min(Math.max(count - skipped, 0), buffer.length);
    if (start < buffer.length) left.push(buffer.subarray(start));
    skipped += buffer.length;
  }
  return left;
}
