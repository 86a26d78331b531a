import { closeSync, existsSync, fstatSync, openSync, readSync, statSync, watch } from 'node:fs';
import { SampanError } from '@sampan/base';
import type { Invocation } from '../command.ts';
import { usage } from '../parse.ts';

/** What is read of the end of the file for the last lines, at most. */
const TAIL_BYTES = 4 << 20;
const CHUNK_BYTES = 64 << 10;

export async function run({ home, options }: Invocation): Promise<number> {
  const lines = tailOf(options.tail);
  if (!existsSync(home.serverLog)) {
    throw new SampanError('no-logs', `There is no log at ${home.serverLog}.`, {
      hint: 'Start Sampan with: sampan up',
    });
  }
  const offset = printTail(home.serverLog, lines);
  if (options.follow !== true) return 0;
  return await follow(home.serverLog, offset);
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

function tailOf(value: unknown): number {
  if (value === undefined) return 100;
  const lines = Number(value);
  if (Number.isInteger(lines) && lines >= 0) return lines;
  throw usage(`${JSON.stringify(value)} is no number of lines.`, 'For example: sampan logs --tail 20');
}
