import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

const ctr = async (socket: string, ...args: string[]): Promise<void> => {
  await run('ctr', ['--address', socket, '--namespace', 'k8s.io', ...args]);
};

/**
 * Mounts what is in an image read-only at a folder, by which the view is known; it stays though the image goes.
 * `image`: an id or a name that containerd knows. May be called again for the same. By containerd's own `ctr`: the CRI
 * of containerd before 2.1 has no image volumes.
 */
export async function mountImageView(socket: string, image: string, folder: string): Promise<void> {
  await ctr(socket, 'images', 'mount', image, folder);
  // else it is garbage after a day
  await ctr(socket, 'snapshots', 'label', folder, `containerd.io/gc.root=${new Date().toISOString()}`);
}

/** Unmounts and forgets it. May be called twice. */
export async function removeImageView(socket: string, folder: string): Promise<void> {
  await ctr(socket, 'images', 'unmount', '--rm', folder);
}
