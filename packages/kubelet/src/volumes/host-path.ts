import type { Stats } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { k8s } from '@sampan/api';
import { containerSpecs } from '../pods/container-spec.ts';
import { bindHostPath, hostPathRefusal } from '../policy/host-paths.ts';
import {
  type ReadyVolume,
  readyFolder,
  type SetUpVolume,
  type VolumeContext,
  type VolumeTask,
  volumeFolder,
} from './context.ts';
import { mountAt } from './mounts.ts';

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
export const setUpHostPath: SetUpVolume = async (task, context) => {
  const { hostPath } = task.volume;
  if (!hostPath) throw new Error('no hostPath');
  return useHostPath(hostPath, task, context, false);
};

/** Makes a place of the machine ready, bound where it cannot be moved away if not all places are allowed. */
export async function useHostPath(
  source: k8s.HostPathVolumeSource,
  task: VolumeTask,
  context: VolumeContext,
  readOnly: boolean,
): Promise<ReadyVolume> {
  const { hostPaths } = context;
  if (hostPaths === '*') {
    await checkHostPath(source);
    return readyFolder(source.path, readOnly);
  }
  const refusal = hostPathRefusal(source.path, hostPaths, true);
  if (refusal !== undefined) throw new Error(refusal);
  const target = volumeFolder(task, 'host-path', context);
  if (!(await mountAt(target))) {
    await makeLike(source.path, target);
    const isReadOnly = readOnly || isMountedReadOnly(task.pod, task.volume.name);
    await bindHostPath(source.path, target, hostPaths, isReadOnly);
  }
  // nothing is made for those who may not have all
  const { type = '' } = source;
  await checkHostPath({ path: target, type: MAKERS[type]?.check ?? type }, source.path);
  return readyFolder(target, readOnly);
}

/** A place to mount on. */
async function makeLike(path: string, target: string): Promise<void> {
  const found = await stat(path);
  await mkdir(found.isDirectory() ? target : dirname(target), { recursive: true, mode: 0o750 });
  if (!found.isDirectory()) await (await open(target, 'a', 0o640)).close();
}

function isMountedReadOnly({ spec }: k8s.Pod, name: string): boolean {
  const mounts = containerSpecs(spec ?? { containers: [] }).flatMap(
    ({ container }) => container.volumeMounts ?? [],
  );
  return mounts.filter((mount) => mount.name === name).every((mount) => mount.readOnly);
}

/** Throws when it is not of the type that is asked for (upstream volume/hostpath). */
async function checkHostPath({ path, type = '' }: k8s.HostPathVolumeSource, shown = path): Promise<void> {
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
  if (!found || !check.is(found))
    throw new Error(`hostPath type check failed: ${shown} is not ${check.what}`);
}
