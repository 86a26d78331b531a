import type { Stats } from 'node:fs';
import { chmod, type FileHandle, mkdir, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { bindDescriptor, mountAt, unmount } from './mounts.ts';
import { openPlace } from './ownership.ts';

/**
 * Makes a part of a volume a place of its own, which stays the same whatever containers do to the volume: the part is
 * opened name by name without following links, and what was opened is bound to `target` (upstream
 * volume/util/subpath). A part that is not there becomes a folder with the volume's mode. A link within the volume may
 * lead elsewhere in it, never out of it. May be called again; then what is there by now counts.
 */
export async function bindSubPath(volume: string, subPath: string, target: string): Promise<void> {
  const place = await openWithin(volume, subPath);
  try {
    await bindOnce(place, target);
  } finally {
    await place.close();
  }
}

async function openWithin(volume: string, subPath: string): Promise<FileHandle> {
  const base = await realpath(volume);
  const whole = await realpath(join(base, subPath)).catch(() => undefined);
  if (whole !== undefined) return openNames(base, namesBelow(base, whole), false);
  const { existing, rest } = await existingPart(base, subPath);
  return openNames(base, [...namesBelow(base, existing), ...rest], true);
}

/** The part of the way that is there, links resolved, and the names that are not. */
async function existingPart(base: string, subPath: string): Promise<{ existing: string; rest: string[] }> {
  const names = subPath.split('/').filter((name) => name !== '' && name !== '.');
  for (let length = names.length - 1; length > 0; length--) {
    const existing = await realpath(join(base, ...names.slice(0, length))).catch(() => undefined);
    if (existing !== undefined) return { existing, rest: names.slice(length) };
  }
  return { existing: base, rest: names };
}

function namesBelow(base: string, path: string): string[] {
  const names = relative(base, path).split('/').filter(Boolean);
  if (names[0] === '..') throw new Error('the path leads out of the volume');
  return names;
}

/** Follows nothing on the way. `make`: folders that are not there are made, with the mode of the top. */
async function openNames(base: string, names: readonly string[], make: boolean): Promise<FileHandle> {
  let place = await openPlace(base);
  try {
    const mode = (await place.stat()).mode & 0o7777;
    for (const name of names) {
      const path = `/proc/self/fd/${place.fd}/${name}`;
      const next = await openPlace(path).catch((error: NodeJS.ErrnoException) => {
        if (!make || error.code !== 'ENOENT') throw error;
        return makeFolder(path, mode);
      });
      await place.close();
      place = next;
      if ((await place.stat()).isSymbolicLink()) throw new Error(`${name} became a link meanwhile`);
    }
    return place;
  } catch (error) {
    await place.close();
    throw error;
  }
}

async function makeFolder(path: string, mode: number): Promise<FileHandle> {
  await mkdir(path);
  const place = await openPlace(path);
  // by its descriptor: the name may be something else by now
  if ((await place.stat()).isDirectory()) await chmod(`/proc/self/fd/${place.fd}`, mode);
  return place;
}

async function bindOnce(place: FileHandle, target: string): Promise<void> {
  const wanted = await place.stat();
  if (await mountAt(target)) {
    const present = await stat(target);
    if (isSame(present, wanted)) return;
    await unmount(target);
  }
  await mkdir(dirname(target), { recursive: true, mode: 0o750 });
  // anything but a folder can be bound to a file
  if (wanted.isDirectory()) await mkdir(target, { recursive: true, mode: 0o750 });
  else await writeFile(target, '', { flag: 'a', mode: 0o640 });
  await bindDescriptor(place.fd, target);
}

const isSame = (a: Stats, b: Stats): boolean => a.dev === b.dev && a.ino === b.ino;
