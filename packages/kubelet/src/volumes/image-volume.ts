import { mkdir, readdir } from 'node:fs/promises';
import type { k8s } from '@sampan/api';
import { mountImageView, removeImageView } from '../containerd/image-view.ts';
import type { RegistryCredentials } from '../runtime/index.ts';
import type { ImagePuller } from '../worker/image-puller.ts';
import type { PodEvent } from '../worker/pod-event.ts';
import { readyFolder, type SetUpVolume, volumeFolder } from './context.ts';
import { mountAt } from './mounts.ts';

export interface ImageVolumesOptions {
  /** Of the containerd that has the images. */
  readonly socket: string;
  readonly images: ImagePuller;
  readonly credentials: (pod: k8s.Pod, image: string) => Promise<RegistryCredentials | undefined>;
}

/** What is in images as volumes (KEP-4639). */
export class ImageVolumes {
  readonly #options: ImageVolumesOptions;

  constructor(options: ImageVolumesOptions) {
    this.#options = options;
  }

  /** Fetches the image by its pull policy. May be called again. Throws StartError. */
  async mount(
    pod: k8s.Pod,
    { name, image: source }: k8s.Volume,
    folder: string,
    tell: (event: PodEvent) => void,
  ): Promise<void> {
    if (await mountAt(folder)) return;
    const { socket, images, credentials } = this.#options;
    const { reference = '', pullPolicy } = source ?? {};
    const like = { name, image: reference, ...(pullPolicy && { imagePullPolicy: pullPolicy }) };
    const found = await images.ensure(like, await credentials(pod, reference), (type, reason, message) =>
      tell({ type, reason, message }),
    );
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await mountImageView(socket, found.id, folder);
  }

  /** All of the pod's whose volumes are in this folder. May be called twice. */
  async removeAll(podFolder: string): Promise<void> {
    const folder = `${podFolder}/volumes/kubernetes.io~image`;
    const names = await readdir(folder).catch(() => []);
    for (const name of names) await removeImageView(this.#options.socket, `${folder}/${name}`);
  }
}

/** `image`: always read-only. */
export const setUpImage: SetUpVolume = async (task, context) => {
  if (!context.images) throw new Error('image volumes are not supported on this node');
  const folder = volumeFolder(task, 'image', context);
  await context.images.mount(task.pod, task.volume, folder, (event) => context.tell(task.pod, event));
  return readyFolder(folder, true);
};
