import { accessSync, constants, existsSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SampanError } from '@sampan/base';

/** How a program of Sampan's own is started. */
export interface ProgramStart {
  /** The runtime. */
  readonly command: string;
  /** The runtime's flags and the program. */
  readonly args: readonly string[];
  /** Handles that the process gets, from the fifth on: after standard input, output and error, and the channel. */
  readonly handles: readonly number[];
}

/** What was opened while root could reach it: the folder of the programs, and the runtime. */
interface Opened {
  readonly folder: number;
  readonly runtime: number;
}

/** Of the process that is started: its handles of `Opened`. */
const FOLDER = '/proc/self/fd/4';
const RUNTIME = '/proc/self/fd/5';
/** Otherwise Node looks for the folder's name, which leads through folders that are closed. */
const BY_HANDLE = ['--preserve-symlinks', '--preserve-symlinks-main'];

/** Of this process. */
let opened: Opened | undefined;

/**
 * Opens what programs are started from, for as long as this process runs: after it gave root up it may not reach them by
 * their paths any more, as below /root. May be called again.
 */
export function openPrograms(): void {
  const file = fileOf('hub') ?? fileOf('guests');
  // sources name packages by links, which this would not follow
  if (opened || !file?.endsWith('.mjs')) return;
  opened = { folder: openSync(dirname(file), 'r'), runtime: openSync(process.execPath, 'r') };
}

/** Throws `not-built`. */
export function programStart(name: string): ProgramStart {
  const file = fileOf(name);
  if (file && mayReach(process.execPath, constants.X_OK))
    return { command: process.execPath, args: [...process.execArgv, file], handles: [] };
  if (!opened)
    throw new SampanError('not-built', `The program ${name} is not built, or out of reach.`, {
      hint: 'Run: make build',
    });
  return {
    command: RUNTIME,
    args: [...process.execArgv, ...BY_HANDLE, `${FOLDER}/${name}.mjs`],
    handles: [opened.folder, opened.runtime],
  };
}

/** Beside this program when bundled, else its source; undefined: it is not there, or out of reach. */
function fileOf(name: string): string | undefined {
  const places = [`${name}.mjs`, `../${name}.mjs`, `../../../${name}/src/main.ts`];
  return places.map((place) => join(import.meta.dirname, place)).find((file) => existsSync(file));
}

function mayReach(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}
