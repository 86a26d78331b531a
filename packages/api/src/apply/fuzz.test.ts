import { deepFreeze } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../meta/object.ts';
import { StatusError } from '../meta/status.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import { applyStrategicMergePatch } from '../patch/strategic-merge-patch.ts';
import { schemaOf } from '../schema/schema-of.ts';
import { apply } from './apply.ts';
import { updateManagedFields } from './update-managed-fields.ts';

const schema = schemaOf('io.k8s.api.core.v1.Pod');
const pod = deepFreeze({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', labels: { app: 'a' }, finalizers: ['x/y'], uid: 'u' },
  spec: {
    containers: [
      {
        name: 'c',
        image: 'i',
        env: [{ name: 'A', value: 'b' }],
        ports: [{ containerPort: 80, protocol: 'TCP' }],
      },
      { name: 'd', image: 'i' },
    ],
    volumes: [{ name: 'v', emptyDir: {} }],
    nodeSelector: { a: 'b' },
    tolerations: [{ key: 'a' }],
  },
});

/** Values a client might send where another is expected. */
const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1.5,
  '',
  'text',
  [],
  [[1]],
  [null],
  [{ name: 'c' }, { name: 'c' }],
  [{}],
  {},
  { name: 'c' },
  { $patch: 'delete' },
  { $patch: 'replace' },
  { $patch: 7 },
  { $retainKeys: ['a'] },
  { '$setElementOrder/containers': [{ name: 'd' }] },
  { '$deleteFromPrimitiveList/finalizers': ['x/y'] },
  JSON.parse('{"__proto__":{"polluted":true},"constructor":1}'),
];

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

function mutated(value: unknown, random: () => number): unknown {
  if (random() < 0.06) return ODD[Math.floor(random() * ODD.length)];
  if (Array.isArray(value)) {
    const items = value.map((item) => mutated(item, random));
    if (random() < 0.1) items.push(ODD[Math.floor(random() * ODD.length)]);
    return random() < 0.2 ? items.reverse() : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(() => random() > 0.1)
    .map(([key, item]) => [key, mutated(item, random)] as const);
  if (random() < 0.05) {
    const odd = ODD[Math.floor(random() * ODD.length)];
    if (typeof odd === 'object' && odd !== null && !Array.isArray(odd)) entries.push(...Object.entries(odd));
  }
  return Object.fromEntries(entries);
}

/** Runs and lets only a client's error pass. */
function attempt(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    expect(error).toBeInstanceOf(StatusError);
    expect((error as StatusError).code).toBeGreaterThanOrEqual(400);
    expect((error as StatusError).code).toBeLessThan(500);
    return undefined;
  }
}

describe('mutated requests', () => {
  const times = { time: '2026-01-01T00:00:00Z', schema, apiVersion: 'v1' };

  it('are answered or refused, whatever they apply', () => {
    let live: KubeObject = deepFreeze(
      updateManagedFields({ ...times, live: undefined, next: pod, manager: 'm' }),
    );
    for (let seed = 1; seed <= 2_000; seed++) {
      const random = generator(seed);
      const { uid: _, ...metadata } = pod.metadata;
      const applied = deepFreeze(mutated({ ...pod, metadata }, random));
      const manager = random() < 0.5 ? 'one' : 'kubectl';
      const result = attempt(() =>
        apply({ ...times, kind: 'Pod', live, applied, manager, force: random() < 0.5 }),
      );
      if (result !== undefined) live = deepFreeze(result) as KubeObject;
      if (seed % 20 === 0)
        live = deepFreeze(updateManagedFields({ ...times, live: undefined, next: pod, manager: 'm' }));
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('are answered or refused, whatever they patch', () => {
    for (let seed = 1; seed <= 2_000; seed++) {
      const random = generator(seed);
      const patch = deepFreeze(mutated(pod, random));
      attempt(() => applyMergePatch(pod, patch));
      attempt(() => applyStrategicMergePatch(pod, patch, schema));
      const path = ['', '/spec', '/spec/containers/-', '/spec/containers/0/name', '/x/y', '/spec/volumes/-1'];
      const at = () => path[Math.floor(random() * path.length)];
      const op = () => ['add', 'remove', 'replace', 'move', 'copy', 'test', 'x'][Math.floor(random() * 7)];
      const operations = Array.from({ length: 4 }, () => ({
        op: op(),
        path: at(),
        from: at(),
        value: mutated(pod.spec, random),
      }));
      attempt(() => applyJsonPatch(pod, deepFreeze(mutated(operations, random))));
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('do not disturb the tracking of updates', () => {
    const live: KubeObject = deepFreeze(
      updateManagedFields({ ...times, live: undefined, next: pod, manager: 'm' }),
    );
    for (let seed = 1; seed <= 1_000; seed++) {
      const spec = mutated(pod.spec, generator(seed));
      const managedFields = mutated(live.metadata.managedFields, generator(seed + 7));
      const next = deepFreeze({ ...live, metadata: { ...live.metadata, managedFields }, spec }) as KubeObject;
      updateManagedFields({ ...times, live, next, manager: 'other' });
    }
  });
});
