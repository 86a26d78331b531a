import { readFileSync, rmSync } from 'node:fs';
import type { HomeLayout } from './layout.ts';
import { writeFileSafely } from './write-file.ts';

/** What a running server writes about itself, for the command line. */
export interface RunState {
  readonly pid: number;
  /** Tells the process from a later one with the same pid. */
  readonly identity: string;
  readonly state: 'starting' | 'ready';
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly host: string;
  readonly port: number;
  /** Of the registry, on loopback in plain HTTP; absent: there is none. */
  readonly hubPort?: number;
}

export function writeRunState(home: HomeLayout, state: RunState): void {
  writeFileSafely(home.runState, `${JSON.stringify(state, null, 2)}\n`, { isFleeting: true });
}

export function removeRunState(home: HomeLayout): void {
  rmSync(home.runState, { force: true });
}

/** The server of this home that runs now; undefined: none. Throws when this user may not read the home. */
export function readRunState(home: HomeLayout): RunState | undefined {
  return readProcess<RunState>(home.runState);
}

/** What a running node process writes about itself. */
export type NodeRunState = Omit<RunState, 'host' | 'port' | 'hubPort'>;

export function writeNodeState(home: HomeLayout, state: NodeRunState): void {
  writeFileSafely(home.node.runState, `${JSON.stringify(state, null, 2)}\n`, { isFleeting: true });
}

/** The node process of this home that runs now; undefined: none. Throws when this user may not read it. */
export function readNodeState(home: HomeLayout): NodeRunState | undefined {
  return readProcess<NodeRunState>(home.node.runState);
}

function readProcess<T extends NodeRunState>(file: string): T | undefined {
  let state: T;
  try {
    state = JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch (error) {
    // a power cut may leave half a file; it speaks of no process that lives
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return isRunning(state) ? state : undefined;
}

export function isRunning({ pid, identity }: Pick<RunState, 'pid' | 'identity'>): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return processIdentity(pid) === identity;
}

/**
 * The process's start time in clock ticks since boot (proc(5), stat field 22) and the boot's id; empty for a
 * process that is gone or a zombie.
 */
export function processIdentity(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // the command's name, in parentheses, may hold anything
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return '';
    return `${fields[19]}@${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`;
  } catch {
    return '';
  }
}
