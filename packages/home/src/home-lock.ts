import { closeSync, existsSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { SampanError } from '@sampan/base';
import type { HomeLayout } from './layout.ts';
import { type NodeRunState, readNodeState, readRunState } from './run-state.ts';
import { giveToOwnerOf } from './write-file.ts';

/**
 * Takes the home for this server; the returned function gives it back. The kernel does so too when the process
 * ends, however it ends. `name`: of the home, for people. Throws `home-locked`.
 */
export function lockHome(home: HomeLayout, name: string): () => void {
  return takeLock(home.lock, (cause) => locked(readRunState(home), `The home ${name}`, cause));
}

/** The same for the node process of a home. */
export function lockNode(home: HomeLayout): () => void {
  return takeLock(home.node.lock, (cause) => locked(readNodeState(home), `The node of ${home.root}`, cause));
}

/** One that lost its parent writes out what it has before it ends. */
const GUESTS_WAIT_MS = 30_000;
const HUB_WAIT_MS = 30_000;

/** The same for the guests process of a home; waits, without doing anything else, for one that is ending. */
export function lockGuests(home: HomeLayout): () => void {
  return takeLock(home.guestsLock, (cause) => locked(undefined, 'The guest clusters', cause), GUESTS_WAIT_MS);
}

/** The same for the hub process: two must never serve the same storage. */
export function lockHub(home: HomeLayout): () => void {
  return takeLock(home.hub.lock, (cause) => locked(undefined, 'The registry', cause), HUB_WAIT_MS);
}

/** `timeout`: milliseconds to wait for whoever has it; the returned function gives it back. */
export function takeLock(file: string, failure: (cause: unknown) => SampanError, timeout = 0): () => void {
  // Node has no file locks of its own, but SQLite's are such; loaded here, for few who read a home take it
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  // before SQLite does, for its mode and its owner
  if (!existsSync(file)) makeFile(file);
  const database = new DatabaseSync(file, { timeout });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw failure(error);
  }
  return () => database.close();
}

function makeFile(file: string): void {
  const handle = openSync(file, 'a', 0o600);
  try {
    giveToOwnerOf(dirname(file), handle);
  } finally {
    closeSync(handle);
  }
}

function locked(owner: NodeRunState | undefined, what: string, cause: unknown): SampanError {
  const who = owner ? `the process ${owner.pid}` : 'another process';
  return new SampanError('home-locked', `${what} is in use by ${who}.`, {
    hint: 'One Sampan runs on a home at a time: stop the other one (sampan down), or name another folder with --home.',
    cause,
  });
}
