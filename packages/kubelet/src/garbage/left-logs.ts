import { readdir, rm } from 'node:fs/promises';

/** NAMESPACE_POD_UID: neither of the first two can hold an underscore. */
const POD_FOLDER = /^[^_]+_[^_]+_([^_]+)$/;

/**
 * Removes log folders of pods that are not `known` (uids) any more: those that were deleted while nobody looked. Call it
 * when the pods of the API and of the runtime are known. Returns the folders' names.
 */
export async function removeLeftLogs(logFolder: string, known: ReadonlySet<string>): Promise<string[]> {
  const names = await readdir(logFolder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const left = names.filter((name) => {
    const uid = POD_FOLDER.exec(name)?.[1];
    return uid !== undefined && !known.has(uid);
  });
  for (const name of left) await rm(`${logFolder}/${name}`, { recursive: true, force: true });
  return left;
}
