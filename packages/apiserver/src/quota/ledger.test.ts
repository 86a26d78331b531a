import type { KubeObject } from '@sampan/api';
import { Quantity } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import { describe, expect, it } from 'vitest';
import { Ledger, type Pending } from './ledger.ts';

const claim = (uid: string, storage: number): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { uid, namespace: 'n', name: uid },
  spec: { resources: { requests: { storage: `${storage}Gi` } } },
});
const quota: KubeObject = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { namespace: 'n', name: 'q' },
  spec: { hard: { 'requests.storage': '1Ti', persistentvolumeclaims: '99' } },
};
const CLAIMS = 'persistentvolumeclaims';
const reading = (objects: () => KubeObject[]): ObjectReader => ({
  get: () => undefined,
  list: () => objects() as never,
  watch: () => () => {},
});

/** Numbers between 0 and `below`, the same at each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % below;
  };
}

describe('a ledger', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'counts as a recount does, whatever happens in which order (seed %i)',
    (seed) => {
      const random = numbers(seed + 1);
      const stored = new Map<string, KubeObject>();
      const pending = new Set<Pending>();
      const reader = reading(() => [...stored.values()]);
      let ledger = new Ledger(quota, reader, []);
      for (let step = 0; step < 300; step++) {
        const object = claim(`u${random(6)}`, 1 + random(9));
        const uid = object.metadata.uid ?? '';
        const [oldest] = pending;
        switch (random(5)) {
          case 0:
            stored.set(uid, object);
            ledger.store(CLAIMS, object);
            break;
          case 1:
            stored.delete(uid);
            ledger.remove(CLAIMS, object);
            break;
          case 2: {
            const write = { collection: CLAIMS, object };
            pending.add(write);
            ledger.hold(write);
            break;
          }
          case 3:
            if (oldest) ledger.settle(oldest);
            if (oldest) pending.delete(oldest);
            break;
          default:
            ledger = new Ledger(quota, reader, ledger.pending());
        }
        expect(shown(ledger)).toEqual(recount(stored, pending));
      }
    },
  );
});

const shown = (ledger: Ledger) => ({
  storage: ledger.used('requests.storage').toString(),
  claims: ledger.used(CLAIMS).value(),
});

function recount(stored: ReadonlyMap<string, KubeObject>, pending: ReadonlySet<Pending>) {
  const most = new Map<string, number>();
  for (const object of [...stored.values(), ...[...pending].map((write) => write.object)]) {
    const size = Number.parseInt(object.spec?.resources.requests.storage, 10);
    const uid = object.metadata.uid ?? '';
    most.set(uid, Math.max(most.get(uid) ?? 0, size));
  }
  const sum = [...most.values()].reduce((total, size) => total + size, 0);
  return { storage: Quantity.parse(`${sum}Gi`).toString(), claims: most.size };
}
