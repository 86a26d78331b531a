import type { k8s } from '@sampan/api';
import type { ServiceAccountToken, SourceChange, SourceKind, VolumeSources } from '../src/index.ts';

/** What volumes are made of, in memory: `set` and `remove` tell of changes as an API would. */
export class MadeSources implements VolumeSources {
  readonly #objects = new Map<string, k8s.ConfigMap & k8s.Secret>();
  readonly #listeners = new Set<(change: SourceChange) => void>();
  readonly claims = new Map<string, k8s.PersistentVolumeClaim>();
  readonly volumes = new Map<string, k8s.PersistentVolume>();
  readonly followed = new Set<string>();
  /** Requests for tokens, in order. */
  readonly requests: k8s.TokenRequestSpec[] = [];
  /** Of tokens, in milliseconds. */
  tokenLife = 3600_000;

  set(kind: SourceKind, name: string, content: k8s.ConfigMap & k8s.Secret, namespace = 'default'): void {
    const key = `${kind}/${namespace}/${name}`;
    const appeared = !this.#objects.has(key);
    this.#objects.set(key, content);
    for (const listener of this.#listeners) listener({ kind, namespace, name, appeared });
  }

  remove(kind: SourceKind, name: string, namespace = 'default'): void {
    this.#objects.delete(`${kind}/${namespace}/${name}`);
    for (const listener of this.#listeners) listener({ kind, namespace, name, appeared: false });
  }

  async configMap(namespace: string, name: string): Promise<k8s.ConfigMap | undefined> {
    return this.#objects.get(`ConfigMap/${namespace}/${name}`);
  }

  async secret(namespace: string, name: string): Promise<k8s.Secret | undefined> {
    return this.#objects.get(`Secret/${namespace}/${name}`);
  }

  async claim(namespace: string, name: string): Promise<k8s.PersistentVolumeClaim | undefined> {
    return this.claims.get(`${namespace}/${name}`);
  }

  async volume(name: string): Promise<k8s.PersistentVolume | undefined> {
    return this.volumes.get(name);
  }

  async token(_: string, account: string, spec: k8s.TokenRequestSpec): Promise<ServiceAccountToken> {
    this.requests.push(spec);
    return { token: `${account}-${this.requests.length}`, expiresAt: Date.now() + this.tokenLife };
  }

  follow({ metadata }: k8s.Pod): void {
    this.followed.add(metadata?.uid ?? '');
  }

  unfollow(uid: string): void {
    this.followed.delete(uid);
  }

  onChange(listener: (change: SourceChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A claim bound to a volume with this source. */
  bind(claim: string, spec: k8s.PersistentVolumeSpec): void {
    const uid = `uid-${claim}`;
    this.claims.set(`default/${claim}`, {
      metadata: { name: claim, namespace: 'default', uid },
      spec: { volumeName: `pv-${claim}` },
      status: { phase: 'Bound' },
    });
    this.volumes.set(`pv-${claim}`, {
      metadata: { name: `pv-${claim}` },
      spec: { claimRef: { uid }, ...spec },
    });
  }
}
