import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import type { Logger } from '@sampan/base';

export interface LogFileOptions {
  /** The file is renamed to `FILE.1`, that one to `FILE.2` and so on, when it is larger. Default 10 MiB. */
  readonly maxBytes?: number;
  /** Older files that are kept. Default 4. */
  readonly kept?: number;
  /** Also write to standard error. */
  readonly echo?: boolean;
}

export interface LogFile extends Logger {
  readonly file: string;
  close(): void;
}

/**
 * A logger that writes one JSON object a line, synchronously: what was logged before a crash is there. A line
 * that the disk does not take goes to standard error; logging never throws.
 */
export function openLogFile(file: string, options: LogFileOptions = {}): LogFile {
  const { maxBytes = 10 << 20, kept = 4, echo = false } = options;
  let handle = openSync(file, 'a', 0o600);
  let size = fstatSync(handle).size;

  function rotate(): void {
    closeSync(handle);
    for (let index = kept; index > 0; index--)
      renameIfThere(index === 1 ? file : `${file}.${index - 1}`, `${file}.${index}`);
    handle = openSync(file, 'a', 0o600);
    size = fstatSync(handle).size;
  }

  function write(level: string, message: string, fields: Record<string, unknown> = {}): void {
    const line = `${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields }, plainError)}\n`;
    if (echo) process.stderr.write(line);
    try {
      if (size + line.length > maxBytes && size > 0) rotate();
      size += writeSync(handle, line);
    } catch {
      if (!echo) process.stderr.write(line);
    }
  }

  return {
    file,
    debug: () => {},
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    close: () => closeSync(handle),
  };
}

function plainError(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return { ...value, message: value.message, stack: value.stack };
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
