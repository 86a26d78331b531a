export * from './build-image.ts';
export { buildPauseImage, PAUSE_IMAGE } from './pause-image.ts';
export type { TarEntry } from './tar.ts';
