export { removeCgroups } from './cgroup-tree.ts';
export { PodCgroups, type PodCgroupsOptions } from './pod-cgroups.ts';
