import { type KubeObject, type k8s, StatusError } from '@sampan/api';
import { CLAIMS, type Client, REFS, type ResourceRef, VOLUMES } from '@sampan/machinery';
import { podReferences } from './references.ts';
import type { ServiceAccountToken, SourceChange, SourceKind, VolumeSources } from './volume-sources.ts';
import { WatchedObjects, type WatchedObjectsOptions } from './watched-objects.ts';

/** The sources of volumes at the API, for the user of a node. `close` ends its watches. */
export class ApiVolumeSources implements VolumeSources {
  readonly #client: Client;
  readonly #objects: WatchedObjects;
  readonly #listeners = new Set<(change: SourceChange) => void>();

  constructor(options: WatchedObjectsOptions) {
    this.#client = options.client;
    this.#objects = new WatchedObjects(options, (change) => {
      for (const listener of this.#listeners) listener(change);
    });
  }

  configMap(namespace: string, name: string): Promise<k8s.ConfigMap | undefined> {
    return this.#read('ConfigMap', namespace, name);
  }

  secret(namespace: string, name: string): Promise<k8s.Secret | undefined> {
    return this.#read('Secret', namespace, name);
  }

  // may be read one by one only
  claim(namespace: string, name: string): Promise<k8s.PersistentVolumeClaim | undefined> {
    return this.#get(CLAIMS, namespace, name);
  }

  volume(name: string): Promise<k8s.PersistentVolume | undefined> {
    return this.#get(VOLUMES, undefined, name);
  }

  async token(namespace: string, account: string, spec: k8s.TokenRequestSpec): Promise<ServiceAccountToken> {
    const request = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { namespace },
      spec,
    };
    const { status } = await this.#client.create<KubeObject>(REFS.serviceAccounts, request, {
      name: account,
      subresource: 'token',
    });
    const { token = '', expirationTimestamp } = (status ?? {}) as k8s.TokenRequestStatus;
    const expiresAt = Date.parse(expirationTimestamp ?? '');
    if (token === '' || Number.isNaN(expiresAt)) throw new Error('the server answered without a token');
    return { token, expiresAt };
  }

  follow(pod: k8s.Pod): void {
    const { uid = '', namespace = '' } = pod.metadata ?? {};
    this.#objects.hold(uid, namespace, podReferences(pod));
  }

  unfollow(uid: string): void {
    this.#objects.hold(uid, '', new Set());
  }

  onChange(listener: (change: SourceChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#listeners.clear();
    this.#objects.close();
  }

  async #read<T>(kind: SourceKind, namespace: string, name: string): Promise<T | undefined> {
    return (await this.#objects.read(kind, namespace, name)) as T | undefined;
  }

  async #get<T>(ref: ResourceRef, namespace: string | undefined, name: string): Promise<T | undefined> {
    try {
      return (await this.#client.get<KubeObject>(ref, namespace, name)) as T;
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return undefined;
      throw error;
    }
  }
}
