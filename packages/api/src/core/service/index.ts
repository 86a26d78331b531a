/** Services: `rules.ts` is the kind's table; the rest is what the API server's allocators ask. */
export { allocatesNodePorts, hasNodePorts, isExternalName, needsHealthCheck, nodePortsOf } from './facts.ts';
export { initIpFamilies } from './ip-families.ts';
