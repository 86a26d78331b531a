import type { Pod } from '../workloads/objects.ts';

/** For tests: a small generator, so that a failure can be repeated (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Parts {
  readonly metadata?: Partial<Pod['metadata']>;
  readonly spec?: Pod['spec'];
  readonly status?: NonNullable<Pod['status']>;
}

/** For tests: a pod in namespace `ns` with label `app: web` and uid `uid-NAME`. */
export function podOf(name: string, { metadata, spec, status }: Parts = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'ns', uid: `uid-${name}`, labels: { app: 'web' }, ...metadata },
    spec: { ...spec },
    status: { phase: 'Running', ...status },
  };
}

/** For tests: the same, ready since `since`. */
export function readyPod(name: string, parts: Parts = {}, since = '2026-01-01T00:00:00Z'): Pod {
  const conditions = [
    ...(parts.status?.conditions ?? []),
    { type: 'Ready', status: 'True', lastTransitionTime: since },
  ];
  return podOf(name, { ...parts, status: { ...parts.status, conditions } });
}
