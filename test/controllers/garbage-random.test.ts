import type { KubeObject, OwnerReference } from '@sampan/api';
import { startControllers } from '@sampan/controllers';
import { type Client, controllerReference, REFS } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Plane, startPlane } from '../support/plane.ts';
import { eventually } from './server.ts';

/** A small generator, so that a failure can be repeated (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** What should be there: names with the owners they still name. */
class Model {
  readonly objects = new Map<string, Set<string>>();

  delete(name: string, policy: string): void {
    this.objects.delete(name);
    for (const [dependent, owners] of [...this.objects]) {
      if (!owners.delete(name)) continue;
      if (owners.size === 0 && policy !== 'Orphan' && this.objects.has(dependent))
        this.delete(dependent, policy);
    }
  }
}

const NS = 'kube-public';
const POLICIES = ['Background', 'Foreground', 'Orphan'] as const;

describe('garbage collection of random families', () => {
  let plane: Plane;
  let client: Client;
  let stop = async () => {};
  beforeAll(async () => {
    plane = await startPlane();
    client = plane.control.client('test');
    const controllers = startControllers({ client: (name) => plane.control.client(name) });
    stop = controllers.stop;
    await controllers.synced;
  });
  afterAll(async () => {
    await stop();
    await plane.close();
  });

  it.each([1, 2, 3, 4, 5, 6])('leaves what a simple model says (seed %i)', async (seed) => {
    const next = random(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
    const model = new Model();
    const references = new Map<string, OwnerReference>();
    const labels = { seed: String(seed) };
    const actual = async () => {
      const { items } = await client.list(REFS.configMaps, { namespace: NS, labelSelector: `seed=${seed}` });
      return items.map(describeObject).sort();
    };
    for (let i = 0; i < 60; i++) {
      const names = [...model.objects.keys()];
      if (names.length < 3 || next() < 0.7) {
        const name = `s${seed}-${i}`;
        const owners = new Set(
          Array.from({ length: Math.floor(next() * 3) }, () => pick(names)).filter(Boolean),
        );
        const ownerReferences = [...owners].map((owner) => ({
          ...(references.get(owner) as OwnerReference),
          controller: false,
          blockOwnerDeletion: next() < 0.5,
        }));
        const object = {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name, namespace: NS, labels, ownerReferences },
        };
        references.set(name, controllerReference(await client.create<KubeObject>(REFS.configMaps, object)));
        model.objects.set(name, owners);
      } else {
        const name = pick(names);
        const propagationPolicy = pick(POLICIES);
        await client.delete(REFS.configMaps, NS, name, { propagationPolicy });
        model.delete(name, propagationPolicy);
        const wanted = [...model.objects].map(([left, owners]) => `${left}: ${[...owners].sort()}`).sort();
        await eventually(`step ${i}`, async () => (await actual()).join() === wanted.join(), 5000);
        expect(await actual()).toEqual(wanted);
      }
    }
  });
});

function describeObject({ metadata }: KubeObject): string {
  const owners = (metadata.ownerReferences ?? []).map(({ name }) => name).sort();
  return `${metadata.name}: ${owners}${metadata.deletionTimestamp ? ' (in deletion)' : ''}`;
}
