import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../../tools/upstream/child.ts';
import { type Access, ask } from './http.ts';

const POLL_MS = 2;
const LONGEST_MS = 120_000;

/**
 * Spawns by `start` and asks `/readyz` again and again until it answers 200; resolves with the child and the
 * milliseconds that took. Throws when the child ends before, or after two minutes.
 */
export async function startTimed(
  access: () => Access,
  start: () => Child,
): Promise<{ child: Child; startMs: number }> {
  const began = performance.now();
  const child = start();
  while (child.running && performance.now() - began < LONGEST_MS) {
    if ((await ready(access)) === 200) return { child, startMs: performance.now() - began };
    await sleep(POLL_MS);
  }
  await child.stop();
  throw new Error(`${child.name} did not become ready: see ${child.logFile}`);
}

/** Certificates may not be there yet: then it is not ready. */
async function ready(access: () => Access): Promise<number> {
  let known: Access;
  try {
    known = access();
  } catch {
    return 0;
  }
  return (await ask(known, 'GET', '/readyz')).status;
}
