import { execFile } from 'node:child_process';
import { type FileHandle, open, readlink } from 'node:fs/promises';
import { posix } from 'node:path';
import { promisify } from 'node:util';
import type { HostPolicy } from './host-policy.ts';

/**
 * Why a path of the machine may not be mounted; undefined: it may. Only the text is looked at: what is mounted in the
 * end may be elsewhere by symbolic links, which `bindHostPath` finds out.
 */
export function hostPathRefusal(
  path: string,
  allowed: HostPolicy['hostPaths'],
  readOnly = false,
): string | undefined {
  if (allowed === '*') return undefined;
  const plain = posix.normalize(path);
  const rules = allowed.filter(({ prefix }) => isWithin(plain, prefix));
  if (path.split('/').includes('..') || rules.length === 0)
    return `${path} is not among the folders that are allowed`;
  if (readOnly || rules.some((rule) => !rule.readOnly)) return undefined;
  return `${path} may only be mounted read-only`;
}

function isWithin(path: string, prefix: string): boolean {
  const folder = posix.normalize(prefix).replace(/\/+$/, '');
  return path === folder || path.startsWith(`${folder}/`);
}

/** Linux; Node has no name for it. */
const O_PATH = 0o10000000;

/**
 * Mounts what `path` is, with all its symbolic links followed, at `target` (which is there and of the same kind, file
 * or folder), provided that it is within what is allowed. Nobody can move it away in between: what is checked is what
 * was opened, and what was opened is mounted. `readOnly`: nobody can write through the mount, and what is mounted below
 * it is left out. The caller unmounts it. Throws Error with the reason.
 */
export async function bindHostPath(
  path: string,
  target: string,
  allowed: HostPolicy['hostPaths'],
  readOnly: boolean,
): Promise<void> {
  const handle = await open(path, O_PATH);
  try {
    await checkOpened(handle, path, allowed, readOnly);
    // mount must not resolve the link to a name again
    const source = `/proc/${process.pid}/fd/${handle.fd}`;
    const how = readOnly ? ['--options', 'bind,ro'] : ['--rbind'];
    await promisify(execFile)('mount', ['--no-canonicalize', ...how, source, target]);
  } finally {
    await handle.close();
  }
}

async function checkOpened(
  handle: FileHandle,
  path: string,
  allowed: HostPolicy['hostPaths'],
  readOnly: boolean,
): Promise<void> {
  const real = await readlink(`/proc/self/fd/${handle.fd}`);
  const refusal = hostPathRefusal(real, allowed, readOnly);
  if (refusal !== undefined) throw new Error(path === real ? refusal : `${path}: ${refusal}`);
}
