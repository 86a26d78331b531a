export { PodCgroups, type PodCgroupsOptions } from './pod-cgroups.ts';
