import { dirname } from 'node:path';
import { LogFile, logFileNames } from './log-files.ts';
import { LineCutter } from './log-line.ts';
import { type LogOptions, LogSelection } from './log-selection.ts';
import { tailStart } from './log-tail.ts';
import { LogWatch } from './log-watch.ts';

export interface Follow {
  /** Settles when nothing more will be written: all that was written is in the file by then. */
  readonly ended: Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * What a client sees of a container's log, rotated files included; with `follow`, until the container has ended or the
 * signal aborts. Lines come once and in order, however the files are rotated meanwhile. `path` is that of the present
 * file, which may be missing.
 */
export async function* readLog(path: string, options: LogOptions, follow?: Follow): AsyncGenerator<Buffer> {
  const selection = new LogSelection(options);
  const watch = follow && new LogWatch(path, follow);
  let files: LogFile[] = [];
  try {
    files = await openAll(path);
    const all = [...files];
    // from now on its name is known, however often it is rotated while older files are read
    if (watch) watch.reading(files.pop());
    const cutter = new LineCutter();
    const { index, offset, skip } =
      options.tailLines === undefined
        ? { index: 0, offset: 0, skip: 0 }
        : await tailStart(all, options.tailLines);
    all[index]?.startAt(offset);
    const lines = new Skipping(cutter, skip);
    for (const file of all.slice(index)) {
      yield* shown(file, lines, selection);
      if (selection.full) return;
    }
    if (watch) {
      for await (const file of watch.more()) {
        yield* shown(file, lines, selection);
        if (selection.full) return;
      }
    }
    const rest = Buffer.concat(selection.take(cutter.end()));
    if (rest.length > 0) yield rest;
  } finally {
    await watch?.close();
    await Promise.all(files.map((file) => file.close()));
  }
}

/** All files of a log as they are at one moment: names move while they are opened. */
async function openAll(path: string): Promise<LogFile[]> {
  for (;;) {
    const names = await logFileNames(path);
    const opened = await Promise.all(names.map((name) => LogFile.open(dirname(path), name)));
    const files = opened.filter((file) => file !== undefined);
    if (names.join('/') === (await logFileNames(path)).join('/') && files.length === names.length)
      return files;
    await Promise.all(files.map((file) => file.close()));
  }
}

/** Leaves out lines at the start. */
class Skipping {
  readonly #cutter: LineCutter;
  #skip: number;

  constructor(cutter: LineCutter, skip: number) {
    this.#cutter = cutter;
    this.#skip = skip;
  }

  *push(chunk: Buffer): Generator<Buffer> {
    for (const line of this.#cutter.push(chunk)) {
      if (this.#skip > 0) this.#skip--;
      else yield line;
    }
  }
}

async function* shown(file: LogFile, lines: Skipping, selection: LogSelection): AsyncGenerator<Buffer> {
  for await (const chunk of file.read()) {
    const parts: Buffer[] = [];
    for (const line of lines.push(chunk)) parts.push(...selection.take(line));
    const answer = Buffer.concat(parts);
    if (answer.length > 0) yield answer;
    if (selection.full) return;
  }
}
