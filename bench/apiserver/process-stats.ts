/** What processes weigh and burn, from Linux's /proc (man 5 proc). */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Resident memory of all `pids` in MB (10^6 bytes). */
export function residentMb(pids: readonly number[]): number {
  let kib = 0;
  for (const pid of pids) {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    kib += Number(line?.[1] ?? 0);
  }
  return (kib * 1024) / 1e6;
}

/** Seconds of processor time, user and system, that `pids` have used. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // the name, in parentheses, may hold blanks: count from behind it
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS_PER_SECOND;
}

/** Percent of one processor that `pids` use over `seconds`. */
export async function cpuPercent(pids: readonly number[], seconds: number): Promise<number> {
  const before = cpuSeconds(pids);
  await sleep(seconds * 1000);
  return ((cpuSeconds(pids) - before) / seconds) * 100;
}
