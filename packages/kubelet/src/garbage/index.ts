export { ImageCollector, type ImageCollectorOptions } from './image-collector.ts';
export { removeLeftLogs } from './left-logs.ts';
