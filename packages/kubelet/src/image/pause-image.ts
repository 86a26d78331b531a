import { readFile } from 'node:fs/promises';
import { SampanError } from '@sampan/base';
import { buildImage } from './build-image.ts';

/** The process that holds a pod's namespaces and reaps its orphans. */
export const PAUSE_IMAGE = 'sampan.local/pause:1';

const CANDIDATES = [
  { path: '/usr/bin/catatonit', name: 'catatonit', command: ['/catatonit', '-P'] },
  { path: '/usr/bin/busybox', name: 'busybox', command: ['/busybox', 'sleep', '2147483647'] },
  { path: '/bin/busybox', name: 'busybox', command: ['/busybox', 'sleep', '2147483647'] },
] as const;

/**
 * The pause image as an archive for `importImage`, from the machine's static catatonit (which reaps) or busybox (which
 * does not). Throws `pause-image-missing` when there is neither.
 */
export async function buildPauseImage(): Promise<Buffer> {
  for (const { path, name, command } of CANDIDATES) {
    const content = await readFile(path).catch(() => undefined);
    if (content) {
      return buildImage({
        name: PAUSE_IMAGE,
        files: [{ path: name, content, mode: 0o755 }],
        entrypoint: command,
      });
    }
  }
  throw new SampanError(
    'pause-image-missing',
    'neither catatonit nor busybox is installed, of which the pause image is made',
    {
      hint: 'Install one: apt-get install catatonit',
    },
  );
}
