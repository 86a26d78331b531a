/**
 * Tier 2: what speaks to a Kubernetes API. Start with `client.ts` (what a client is), then `reconciler.ts` (what
 * controllers are made of).
 */
export { type AddressKind, addressKind, isMachineAddress, machineAddresses } from './address-kinds.ts';
export { Backoff, type BackoffOptions, WATCH_BACKOFF } from './backoff.ts';
export type * from './client.ts';
export type * from './control-plane.ts';
export * from './csr/csr-rules.ts';
export { type EventContent, EventRecorder, type EventRecorderOptions } from './event-recorder.ts';
export type { Connection } from './http/connection.ts';
export { CERTIFICATE_HEADER } from './http/forwarded.ts';
export { HttpClient, type HttpClientOptions } from './http/http-client.ts';
export {
  type KubeconfigChoice,
  type LoadedKubeconfig,
  loadKubeconfig,
  parseKubeconfig,
} from './http/kubeconfig.ts';
export { type Indexers, Informer } from './informer.ts';
export { installDefinition } from './install-definition.ts';
export { LeaderLease, type LeaderOptions, microTime } from './lease.ts';
export * from './pki/index.ts';
export type * from './provided-resource.ts';
export type * from './reader.ts';
export { type Reconcile, Reconciler, type ReconcilerOptions } from './reconciler.ts';
export { Reflector, type ReflectorOptions, type ReflectorSink } from './reflector.ts';
export * from './refs.ts';
export * from './volume-objects.ts';
export { DEFAULT_RATE_LIMIT, type RateLimit, WorkQueue } from './work-queue.ts';
