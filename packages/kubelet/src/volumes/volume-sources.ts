import type { k8s } from '@sampan/api';

/** Where volumes get their content from. Safe to call concurrently. */
export interface VolumeSources {
  /** Undefined: there is none. Throws when it cannot be known. */
  configMap(namespace: string, name: string): Promise<k8s.ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<k8s.Secret | undefined>;
  claim(namespace: string, name: string): Promise<k8s.PersistentVolumeClaim | undefined>;
  volume(name: string): Promise<k8s.PersistentVolume | undefined>;
  /** A new token of a service account; throws when there is none to be had. */
  token(namespace: string, account: string, spec: k8s.TokenRequestSpec): Promise<ServiceAccountToken>;
  /** Changes of what this pod names are told from now on. May be called again, with newer versions. */
  follow(pod: k8s.Pod): void;
  /** The pod with this uid is gone. May be called twice. */
  unfollow(uid: string): void;
  /** `listener` must not throw. The returned function ends it. */
  onChange(listener: (change: SourceChange) => void): () => void;
}

export interface ServiceAccountToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export type SourceKind = 'ConfigMap' | 'Secret';

export interface SourceChange {
  readonly kind: SourceKind;
  readonly namespace: string;
  readonly name: string;
  /** It was not there before. */
  readonly appeared: boolean;
}
