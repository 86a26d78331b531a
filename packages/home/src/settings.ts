import { readFileSync } from 'node:fs';
import { messageOf, SampanError } from '@sampan/base';
import type { HomeLayout } from './layout.ts';
import { writeFileSafely } from './write-file.ts';

/** What a home remembers from start to start. */
export interface Settings {
  /** The TLS port. */
  readonly port?: number;
}

/** Throws `settings-invalid` when the file is there and cannot be understood. */
export function readSettings(home: HomeLayout): Settings {
  let text: string;
  try {
    text = readFileSync(home.settings, 'utf8');
  } catch (error) {
    if (isMissing(error)) return {};
    throw invalid(home, messageOf(error));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(home, messageOf(error));
  }
  if (typeof value !== 'object' || value === null) throw invalid(home, 'it is not a JSON object');
  const port = 'port' in value ? value.port : undefined;
  if (port === undefined) return {};
  if (!isPort(port)) throw invalid(home, '"port" is not a port number');
  return { port };
}

export function writeSettings(home: HomeLayout, settings: Settings): void {
  writeFileSafely(home.settings, `${JSON.stringify(settings, null, 2)}\n`);
}

export function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;
}

/** Whether an error of the file system says that the file is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function invalid(home: HomeLayout, reason: string): SampanError {
  return new SampanError('settings-invalid', `${home.settings} cannot be read: ${reason}.`, {
    hint: 'Mend the file, or remove it: only the remembered port is lost.',
  });
}
