export { type Containerd, startContainerd } from './containerd.ts';
export type { ContainerdOptions } from './containerd-config.ts';
export { importImage } from './import-image.ts';
export { keepContainerd } from './keep-containerd.ts';
export { unmountBelow } from './tear-down.ts';
