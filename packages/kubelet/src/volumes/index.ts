export { ApiVolumeSources } from './api-sources.ts';
export type { LocalAttachments } from './context.ts';
export { ImageVolumes, type ImageVolumesOptions } from './image-volume.ts';
export {
  createPodVolumes,
  type ManagedPodVolumes,
  type PodVolumesOptions,
} from './pod-volumes.ts';
export type * from './volume-sources.ts';
