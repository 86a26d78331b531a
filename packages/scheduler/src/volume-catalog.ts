import type { Claim, CSINode, StorageClass, Volume } from './types.ts';

interface Using {
  readonly namespace: string;
  readonly claims: readonly string[];
}

/** Claims, volumes, their classes, and what nodes can attach. */
export class VolumeCatalog {
  readonly claims = new Map<string, Claim>();
  readonly volumes = new Map<string, Volume>();
  readonly classes = new Map<string, StorageClass>();
  readonly csiNodes = new Map<string, CSINode>();
  /** Volumes promised to claims (`NAMESPACE/NAME`) by decisions that are not visible yet. */
  readonly promised = new Map<string, string>();
  readonly #users = new Map<string, number>();

  claim(namespace: string, name: string): Claim | undefined {
    return this.claims.get(`${namespace}/${name}`);
  }

  use(pod: Using, sign: 1 | -1): void {
    for (const name of pod.claims) {
      const key = `${pod.namespace}/${name}`;
      const next = (this.#users.get(key) ?? 0) + sign;
      if (next <= 0) this.#users.delete(key);
      else this.#users.set(key, next);
    }
  }

  /** Pods on nodes that use a claim. */
  users(namespace: string, name: string): number {
    return this.#users.get(`${namespace}/${name}`) ?? 0;
  }
}
