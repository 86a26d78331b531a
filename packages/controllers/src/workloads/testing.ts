import type { k8s } from '@sampan/api';
import { formatTime } from '../time.ts';
import type { Pod } from './objects.ts';

/** For tests: pods in all states, and numbers that only look random. */
export const NOW = Date.UTC(2026, 0, 1);

/** Numbers from 0 up to 1, always the same ones for a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let next = Math.imul(state ^ (state >>> 15), 1 | state);
    next = (next + Math.imul(next ^ (next >>> 7), 61 | next)) ^ next;
    return ((next ^ (next >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Chance {
  /** A whole number from 0 up to `below`. */
  number(below: number): number;
  pick<T>(of: readonly T[]): T;
  /** True once in `times`. */
  once(times: number): boolean;
}

export function chanceOf(seed: number): Chance {
  const random = randomOf(seed);
  const number = (below: number) => Math.floor(random() * below);
  return {
    number,
    pick<T>(of: readonly T[]): T {
      const one = of[number(of.length)];
      if (one === undefined) throw new Error('there is nothing to pick');
      return one;
    },
    once: (times) => number(times) === 0,
  };
}

export interface PodOptions {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly owner?: string;
  readonly node?: string;
  readonly phase?: string;
  /** Milliseconds since the epoch. */
  readonly readySince?: number;
  readonly created?: number;
  readonly deleted?: boolean;
  readonly restarts?: number;
  readonly spec?: k8s.PodSpec;
}

/** A pod; runs when it has a node, unless a phase says otherwise. */
export function podOf(name: string, options: PodOptions = {}): Pod {
  const { node, readySince, owner, restarts = 0 } = options;
  const ready = readySince === undefined ? {} : { lastTransitionTime: formatTime(readySince) };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      creationTimestamp: formatTime(options.created ?? NOW),
      labels: options.labels ?? {},
      annotations: options.annotations ?? {},
      ...(options.deleted ? { deletionTimestamp: formatTime(NOW) } : {}),
      ...(owner === undefined
        ? {}
        : {
            ownerReferences: [
              { apiVersion: 'apps/v1', kind: 'Test', name: owner, uid: owner, controller: true },
            ],
          }),
    },
    spec: { ...options.spec, ...(node === undefined ? {} : { nodeName: node }) },
    status: {
      phase: options.phase ?? (node === undefined ? 'Pending' : 'Running'),
      conditions: [{ type: 'Ready', status: readySince === undefined ? 'False' : 'True', ...ready }],
      containerStatuses: [{ name: 'c', ready: true, image: '', imageID: '', restartCount: restarts }],
    },
  };
}

/** The pod with another readiness. */
export function withReady(pod: Pod, readySince: number | undefined): Pod {
  const { name = '' } = pod.metadata;
  const { status } = podOf(name, { node: 'n', ...(readySince === undefined ? {} : { readySince }) });
  return { ...pod, status: status ?? {} };
}

export const deletedPod = (pod: Pod): Pod => ({
  ...pod,
  metadata: { ...pod.metadata, deletionTimestamp: formatTime(NOW) },
});

export const names = (objects: readonly { metadata: { name?: string } }[]): (string | undefined)[] =>
  objects.map(({ metadata }) => metadata.name);
