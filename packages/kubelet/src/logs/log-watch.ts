import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { COMPRESSED, LogFile, logFileNames, orderedLogNames } from './log-files.ts';
import type { Follow } from './read-log.ts';

/** What a runtime still writes to the old file while it takes the new one has come by then. Milliseconds. */
const HANDOVER_MS = 100;

/** Follows a log from file to file as it grows and is rotated. Owns the files that it is given or opens. */
export class LogWatch {
  readonly #folder: string;
  readonly #current: string;
  readonly #follow: Follow;
  readonly #watcher: FSWatcher;
  #file: LogFile | undefined;
  /** The present name of the file that is read; renamed ones are seen as it happens, before they are compressed. */
  #name = '';
  #ended = false;
  #changed = false;
  #wake = (): void => {};

  constructor(path: string, follow: Follow) {
    this.#folder = dirname(path);
    this.#current = basename(path);
    this.#follow = follow;
    this.#watcher = watch(this.#folder, (kind) => {
      if (kind === 'rename') this.#findName();
      this.#note();
    });
    // the folder goes with its pod, which ends it anyway
    this.#watcher.on('error', () => this.#end());
    void follow.ended.then(() => this.#end());
    follow.signal.addEventListener('abort', this.#note, { once: true });
  }

  /** The file that was read to its end so far; undefined: there was none yet. */
  reading(file: LogFile | undefined): void {
    this.#file = file;
    this.#name = file?.name ?? '';
    this.#findName();
  }

  /** Files in which there is, or may be, more to read. */
  async *more(): AsyncGenerator<LogFile> {
    let read: LogFile | undefined;
    while (!this.#follow.signal.aborted) {
      const over = this.#ended;
      this.#changed = false;
      // a compressed one does not grow
      if (this.#file && !(this.#file.compressed && this.#file === read)) yield this.#file;
      read = this.#file;
      const next = await this.#successor();
      if (next) {
        if (this.#file) yield* this.#lastOf(this.#file);
        this.reading(next);
      } else if (over) return;
      else if (!this.#changed && this.#ended === over) await this.#change();
    }
  }

  /** May be called twice. */
  async close(): Promise<void> {
    this.#watcher.close();
    this.#follow.signal.removeEventListener('abort', this.#note);
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async *#lastOf(file: LogFile): AsyncGenerator<LogFile> {
    if (!file.compressed) {
      await sleep(HANDOVER_MS);
      yield file;
    }
    await file.close();
    this.#file = undefined;
  }

  /** The file that follows the one which is read. */
  async #successor(): Promise<LogFile | undefined> {
    const names = await logFileNames(`${this.#folder}/${this.#current}`);
    if (this.#file && this.#name === this.#current) return undefined;
    const after = names.filter((name) => name === this.#current || isAfter(name, this.#name));
    const [next] = this.#file ? after : names;
    return next === undefined ? undefined : LogFile.open(this.#folder, next);
  }

  #findName(): void {
    const { inode } = this.#file ?? {};
    if (inode === undefined) return;
    try {
      const names = orderedLogNames(readdirSync(this.#folder), this.#current);
      const found = names.find((name) => statSync(`${this.#folder}/${name}`).ino === inode);
      if (found !== undefined) this.#name = found;
    } catch {
      // changed at this moment: the next event finds it
    }
  }

  readonly #note = (): void => {
    this.#changed = true;
    this.#wake();
  };

  #end(): void {
    this.#ended = true;
    this.#wake();
  }

  #change(): Promise<void> {
    if (this.#follow.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** Whether a rotated file is a later one; compressed, it is the same. */
const isAfter = (name: string, other: string): boolean => bare(name) > bare(other);
const bare = (name: string): string => (name.endsWith(COMPRESSED) ? name.slice(0, -COMPRESSED.length) : name);
