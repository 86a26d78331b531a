export { ImagePuller } from './image-puller.ts';
export type { PodEvent, PodEventReason } from './pod-event.ts';
export { type PodListener, PodRunner } from './pod-runner.ts';
export * from './pod-services.ts';
export { PulledImages, type PulledImagesFile } from './pulled-images.ts';
export type { PodReport } from './status-teller.ts';
