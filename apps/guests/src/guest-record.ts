import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SampanError } from '@sampan/base';
import { DEFAULT_RANGES, type GuestSettings } from '@sampan/clusters';
import { writeFileSafely } from '@sampan/home';

/** Of what a cluster stores, as this release writes it. */
export const GUEST_FORMAT = 1;

/** What is remembered of a cluster beside its objects and keys. */
export interface GuestRecord extends GuestContent {
  readonly settings: GuestSettings;
  /** Which of the machine's cluster networks is its; absent: nothing runs its pods. */
  readonly network?: number;
  /** It had pods when it was last seen: it is woken at the start, so that somebody looks after them. */
  readonly hasPods?: boolean;
  /** It came out of a backup of the home, whose objects may tell other settings: it is configured anew. */
  readonly isRestored?: boolean;
  /** It lies in the trash, and they were ended. */
  readonly podsEnded?: boolean;
  /** When its controllers have something to do, milliseconds since the epoch; absent: nothing is planned. */
  readonly wakeAt?: number;
  /** Milliseconds since the epoch. */
  readonly lastRequestAt?: number;
  /** What was before the last upgrade or restore, and may be put back until a time (milliseconds since the epoch). */
  readonly before?: GuestContent & { readonly until: number };
  /** The release to which it is not upgraded unasked: that failed, or was taken back. */
  readonly held?: string;
}

/** A cluster's objects. Replaced as a whole, by another file and then by the record, so that a crash leaves either. */
export interface GuestContent {
  /** A newer one is refused. */
  readonly format: number;
  /** The file's name; absent: `cluster.db`. */
  readonly database?: string;
  /** Which served it last; absent: none yet. */
  readonly release?: string;
}

const RECORD = 'record.json';
const FIRST_DATABASE = 'cluster.db';
const DATABASE = /^cluster(?:-(\d+))?\.db/;

export const DEFAULT_SETTINGS: GuestSettings = {
  uid: '',
  idleMs: 600_000,
  paused: false,
  isSandboxed: false,
  isDeleted: false,
  quota: {},
  machine: {},
  ranges: DEFAULT_RANGES,
  nodeRanges: [],
  revoked: [],
};

/** What was written last; the default when nothing was. Throws `guest-record-invalid`, `guest-too-new`. */
export function readRecord(folder: string): GuestRecord {
  const file = join(folder, RECORD);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return { format: GUEST_FORMAT, settings: DEFAULT_SETTINGS };
    throw error;
  }
  const record = parse(file, text);
  if (!(record.format <= GUEST_FORMAT)) throw tooNew(`the format of its files is ${record.format}`);
  return { ...record, settings: { ...DEFAULT_SETTINGS, ...record.settings } };
}

function parse(file: string, text: string): GuestRecord {
  try {
    return JSON.parse(text) as GuestRecord;
  } catch (error) {
    throw new SampanError('guest-record-invalid', `${file} cannot be read.`, {
      hint: 'Delete the cluster and make it of a backup.',
      cause: error,
    });
  }
}

export const tooNew = (why: string): SampanError =>
  new SampanError('guest-too-new', `${why}; this release knows up to ${GUEST_FORMAT}`, {
    hint: 'Start the newer release of Sampan that wrote it.',
  });

export function writeRecord(folder: string, record: GuestRecord): void {
  writeFileSafely(join(folder, RECORD), `${JSON.stringify(record)}\n`);
}

/** Reads and writes with nothing in between. */
export function changeRecord(folder: string, change: (record: GuestRecord) => GuestRecord): void {
  writeRecord(folder, change(readRecord(folder)));
}

export const databaseOf = (folder: string, { database = FIRST_DATABASE }: GuestContent): string =>
  join(folder, database);

/** A name that neither the content nor what was before it has; what is left of an earlier try is removed. */
export function nextDatabase(folder: string, record: GuestRecord): string {
  const used = [record, record.before].map((content) => DATABASE.exec(content?.database ?? '')?.[1] ?? 1);
  const name = `cluster-${Math.max(...used.map(Number)) + 1}.db`;
  removeDatabase(folder, name);
  return name;
}

export function removeDatabase(folder: string, name = FIRST_DATABASE): void {
  for (const suffix of ['', '-wal', '-shm', '-journal', '.partial'])
    rmSync(join(folder, name + suffix), { force: true });
}

/** Of its databases on disk; 0: it has none yet. */
export function storedBytes(folder: string): number {
  return filesOf(folder)
    .filter((name) => DATABASE.test(name))
    .map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);
}

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
