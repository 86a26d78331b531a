import { readFile } from 'node:fs/promises';

/** Of all processes and threads that the machine may have. */
const SHARE = 1 / 8;
const MOST = 32_768;
/** Linux's default, where nothing says otherwise. */
const DEFAULT_PID_MAX = 32_768;

/**
 * Processes and threads that the pods of one guest may have together: the machine has only so many, and one that makes
 * them without end must not take them from all others.
 */
export async function guestProcesses(): Promise<number> {
  const most = await Promise.all(['pid_max', 'threads-max'].map(readLimit));
  return Math.min(MOST, Math.floor(Math.min(...most) * SHARE));
}

async function readLimit(name: string): Promise<number> {
  const text = await readFile(`/proc/sys/kernel/${name}`, 'utf8').catch(() => '');
  return Number(text) || DEFAULT_PID_MAX;
}
