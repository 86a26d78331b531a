import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Cleans up when somebody ends the program in between; `cleanUp` must not wait. The returned function ends that. */
export function onInterrupt(cleanUp: () => void): () => void {
  const end = (signal: (typeof SIGNALS)[number]) => {
    cleanUp();
    // as a shell tells of it
    process.exit(128 + constants.signals[signal]);
  };
  for (const signal of SIGNALS) process.on(signal, end);
  return () => {
    for (const signal of SIGNALS) process.off(signal, end);
  };
}
