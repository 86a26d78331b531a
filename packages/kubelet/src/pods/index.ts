export type { EnvSources } from './container-env.ts';
export type { NodeFacts } from './node-facts.ts';
export type { ContainerProbes } from './pod-view.ts';
export type { BackoffLimits } from './restart-backoff.ts';
export { StartError, type StartReason } from './start-error.ts';
