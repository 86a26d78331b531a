import { closeSync, existsSync, fstatSync, openSync, readSync, statSync, watch } from 'node:fs';
import { SampanError } from '@sampan/base';

/** What is read of the end of the file for the last lines, at most. */
const TAIL_BYTES = 4 << 20;
const CHUNK_BYTES = 64 << 10;

/** Prints the end of a log of this machine and, when asked to, what comes later. */
export async function printLogFile(file: string, lines: number, follows: boolean): Promise<number> {
  if (!existsSync(file)) {
    throw new SampanError('no-logs', `There is no log at ${file}.`, { hint: 'Start Sampan with: sampan up' });
  }
  const offset = printTail(file, lines);
  return follows ? await follow(file, offset) : 0;
}

function printTail(file: string, lines: number): number {
  const handle = openSync(file, 'r');
  try {
    const size = fstatSync(handle).size;
    const from = Math.max(0, size - TAIL_BYTES);
    const bytes = Buffer.alloc(size - from);
    const length = readSync(handle, bytes, 0, bytes.length, from);
    const all = bytes.toString('utf8', 0, length).split('\n').slice(0, -1);
    const shown = lines === 0 ? [] : all.slice(-lines);
    process.stdout.write(shown.map((line) => `${line}\n`).join(''));
    return from + length;
  } finally {
    closeSync(handle);
  }
}

/** Ends when the terminal interrupts it. */
async function follow(file: string, start: number): Promise<number> {
  let offset = start;
  let inode = statSync(file).ino;
  const copy = () => {
    const found = statSync(file, { throwIfNoEntry: false });
    if (!found) return;
    // a new file took the name when the old one was full
    if (found.ino !== inode || found.size < offset) offset = 0;
    inode = found.ino;
    offset = copyFrom(file, offset);
  };
  const watcher = watch(file.slice(0, file.lastIndexOf('/')), copy);
  return await new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        watcher.close();
        resolve(0);
      });
    }
  });
}

function copyFrom(file: string, start: number): number {
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(CHUNK_BYTES);
    let offset = start;
    for (let read = readSync(handle, bytes, 0, CHUNK_BYTES, offset); read > 0; ) {
      process.stdout.write(Buffer.from(bytes.subarray(0, read)));
      offset += read;
      read = readSync(handle, bytes, 0, CHUNK_BYTES, offset);
    }
    return offset;
  } finally {
    closeSync(handle);
  }
}
