export { metricsResources } from './metrics-resources.ts';
