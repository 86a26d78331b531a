export { keepNodeObjects } from './keep-node-objects.ts';
export { metricsResources } from './metrics-resources.ts';
