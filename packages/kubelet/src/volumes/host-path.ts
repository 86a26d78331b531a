import type { Stats } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import type { k8s } from '@sampan/api';
import { readyFolder, type SetUpVolume } from './context.ts';

const CHECKS: Readonly<Record<string, { is: (stats: Stats) => boolean; what: string }>> = {
  Directory: { is: (stats) => stats.isDirectory(), what: 'a directory' },
  File: { is: (stats) => stats.isFile(), what: 'a file' },
  Socket: { is: (stats) => stats.isSocket(), what: 'a socket file' },
  CharDevice: { is: (stats) => stats.isCharacterDevice(), what: 'a character device' },
  BlockDevice: { is: (stats) => stats.isBlockDevice(), what: 'a block device' },
};

const MAKERS: Readonly<Record<string, { check: string; make: (path: string) => Promise<unknown> }>> = {
  DirectoryOrCreate: {
    check: 'Directory',
    make: (path) => mkdir(path, { recursive: true, mode: 0o755 }),
  },
  FileOrCreate: { check: 'File', make: async (path) => (await open(path, 'a', 0o644)).close() },
};

/** `hostPath`: a place of the machine itself. */
export const setUpHostPath: SetUpVolume = async ({ volume }) => {
  const { hostPath } = volume;
  if (!hostPath) throw new Error('no hostPath');
  await checkHostPath(hostPath);
  return readyFolder(hostPath.path, false);
};

/** Throws when it is not of the type that is asked for (upstream volume/hostpath). */
export async function checkHostPath({ path, type = '' }: k8s.HostPathVolumeSource): Promise<void> {
  if (path.split('/').includes('..')) throw new Error(`invalid HostPath \`${path}\`: must not contain '..'`);
  if (type === '') return;
  const maker = MAKERS[type];
  const check = CHECKS[maker?.check ?? type];
  if (!check) throw new Error(`${type} is an invalid volume type`);
  const find = () => stat(path).catch(() => undefined);
  let found = await find();
  if (!found && maker) {
    await maker.make(path);
    found = await find();
  }
  if (!found || !check.is(found)) throw new Error(`hostPath type check failed: ${path} is not ${check.what}`);
}
