import type { Client } from './client.ts';
import type { ProvidedResource } from './provided-resource.ts';
import type { ObjectReader } from './reader.ts';

/** One cluster's API as those see it who run beside it in one process. */
export interface ControlPlaneHandle {
  readonly reader: ObjectReader;
  /** A client that writes as the server itself; `name` becomes its field manager. */
  client(name: string): Client;
  /** Serves a resource from elsewhere than the store; the returned function ends that. */
  provide(resource: ProvidedResource): () => void;
  /** Ends watches and timers; requests after it fail. May be called twice. */
  stop(): void;
}

/** Makes control planes, one for each cluster name; what a product of many clusters is given. */
export interface ControlPlaneFactory {
  /** Opens the cluster's state, making it when it is new. Rejects with a `SampanError`. */
  open(cluster: string): Promise<ControlPlaneHandle>;
}
