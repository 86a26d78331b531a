import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { mountAt, mountDevice } from './mounts.ts';

const run = promisify(execFile);

/**
 * Mounts the file system of a block device, made first when the device is blank (upstream FormatAndMount). Never
 * formats a device that holds anything.
 */
export async function mountBlockVolume(
  device: string,
  path: string,
  type: string,
  readOnly: boolean,
): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o750 });
  if (await mountAt(path)) return;
  if (await isBlank(device)) {
    if (readOnly)
      throw new Error(`cannot mount unformatted disk ${device} as we are manipulating it in read-only mode`);
    await run(`mkfs.${type}`, type.startsWith('ext') ? ['-F', '-m0', device] : [device]);
  }
  await mountDevice(device, path, type, readOnly ? ['ro'] : []);
}

/** blkid ends with 2 where it knows neither a file system nor a partition table. */
async function isBlank(device: string): Promise<boolean> {
  try {
    await run('blkid', ['-p', '-s', 'TYPE', '-s', 'PTTYPE', '-o', 'export', device]);
    return false;
  } catch (error) {
    if ((error as { code?: unknown }).code === 2) return true;
    throw error;
  }
}
