import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type HomeLayout, type NodeRunState, type RunState, readNodeState } from '@sampan/home';

export interface ProcessStatus {
  readonly name: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly memoryBytes: number;
}

/** All processes of a home that run. `running`: its server. */
export function processesOf(home: HomeLayout, running: RunState | undefined): ProcessStatus[] {
  const node = nodeStateOf(home);
  return [
    ...(running ? [processStatus('server', running), ...childrenStatus(running)] : []),
    ...(node ? [processStatus('node', node)] : []),
    ...containerdStatus(home),
  ];
}

/** Unknown to whoever may not look into root's folder. */
function nodeStateOf(home: HomeLayout): NodeRunState | undefined {
  try {
    return readNodeState(home);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw error;
  }
}

/**
 * The processes that hold the other clusters and the registry are the server's children; proc(5),
 * /proc/PID/task/TID/children.
 */
function childrenStatus({ pid }: RunState): ProcessStatus[] {
  return readProc(`${pid}/task/${pid}/children`)
    .split(' ')
    .filter((child) => child !== '')
    .flatMap((child) => {
      const name = CHILD.exec(readProc(`${child}/cmdline`))?.[1];
      if (name === undefined) return [];
      const startedAt = statSync(`/proc/${child}`, { throwIfNoEntry: false })?.ctimeMs ?? Date.now();
      return [processStatus(name, { pid: Number(child), startedAt })];
    });
}

const CHILD = /(guests|hub)(?:\.mjs|\/src\/main\.ts)\0/;

/** Empty when it is gone, or not ours to read. */
function readProc(file: string): string {
  try {
    return readFileSync(`/proc/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function containerdStatus(home: HomeLayout): ProcessStatus[] {
  const file = join(home.node.containerd, 'containerd.pid');
  const started = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  if (started === undefined) return [];
  const pid = Number(readFileSync(file, 'utf8'));
  const memoryBytes = residentBytes(pid);
  const uptimeSeconds = Math.round((Date.now() - started) / 1000);
  return memoryBytes === 0 ? [] : [{ name: 'containerd', pid, uptimeSeconds, memoryBytes }];
}

function processStatus(name: string, { pid, startedAt }: Pick<RunState, 'pid' | 'startedAt'>): ProcessStatus {
  return {
    name,
    pid,
    uptimeSeconds: Math.round((Date.now() - startedAt) / 1000),
    memoryBytes: residentBytes(pid),
  };
}

/** Resident memory, proc(5) VmRSS; 0 when the process is gone. */
function residentBytes(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
