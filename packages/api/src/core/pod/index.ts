/** What other packages need of pods; start with `rules.ts` (the kind) and `pod-spec.ts` (its validation). */
export { type Amounts, podLimits, podRequests } from './aggregate.ts';
export { visitContainers } from './containers.ts';
export { setPodDefaults, setPodSpecDefaults, syncServiceAccount } from './defaults.ts';
export { podQOS, type QOSClass } from './qos.ts';
export { podStatusWarnings, podSubresourceRules } from './rules.ts';
export { validateTolerations } from './scheduling.ts';
export { nodeLabelDeprecation } from './warnings.ts';
