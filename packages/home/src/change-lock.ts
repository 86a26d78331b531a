import { SampanError } from '@sampan/base';
import { takeLock } from './home-lock.ts';
import type { HomeLayout } from './layout.ts';

/** Who changes a file only reads and writes it. */
const WAIT_MS = 10_000;

/**
 * Reads and writes what a home remembers, with no other process in between, nor this one: `task` must not call it again.
 * Waits, without doing anything else. The home was started once. Throws `home-locked`.
 */
export function changing<T>(home: HomeLayout, task: () => T): T {
  const unlock = takeLock(home.changesLock, inUse, WAIT_MS);
  try {
    return task();
  } finally {
    unlock();
  }
}

const inUse = (cause: unknown): SampanError =>
  new SampanError('home-locked', 'What the home remembers is being changed by another process.', {
    hint: 'Try again.',
    cause,
  });
