import type { LogFile } from './log-files.ts';

const NEWLINE = 0x0a;
const BLOCK_BYTES = 64 * 1024;

/** Where the last `lines` lines begin: at `skip` lines, or at `offset` of one that is not compressed, of `files[index]`. */
export interface TailStart {
  readonly index: number;
  readonly offset: number;
  readonly skip: number;
}

/** Looks from the end back, through as many files as it takes; the lines are those in the files, partial ones too. */
export async function tailStart(files: readonly LogFile[], lines: number): Promise<TailStart> {
  let left = lines;
  for (let index = files.length - 1; index >= 0; index--) {
    const file = files[index] as LogFile;
    if (left === 0 && index < files.length - 1) return { index: index + 1, offset: 0, skip: 0 };
    if (file.compressed) {
      const count = await countLines(file);
      if (count >= left) return { index, offset: 0, skip: count - left };
      left -= count;
    } else {
      const { offset, found } = await lastLines(file, left);
      if (found >= left) return { index, offset, skip: 0 };
      left -= found;
    }
  }
  return { index: 0, offset: 0, skip: 0 };
}

async function countLines(file: LogFile): Promise<number> {
  let count = 0;
  for await (const chunk of file.read()) {
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) count++;
  }
  return count;
}

/** Where the last `wanted` lines of a file begin, and how many were found. A last line without newline is one. */
async function lastLines(file: LogFile, wanted: number): Promise<{ offset: number; found: number }> {
  const size = await file.size();
  if (wanted === 0) return { offset: size, found: 0 };
  let newlines = 0;
  let last = true;
  let unended = 0;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const block = await file.readAt(start, end - start);
    if (last && block.length > 0 && block.at(-1) !== NEWLINE) unended = 1;
    last = false;
    for (
      let at = block.lastIndexOf(NEWLINE);
      at >= 0;
      at = at > 0 ? block.lastIndexOf(NEWLINE, at - 1) : -1
    ) {
      // the newline before the first line that is wanted
      if (newlines + unended === wanted) return { offset: start + at + 1, found: wanted };
      newlines++;
    }
    end = start;
  }
  return { offset: 0, found: newlines + unended };
}
