import { union } from './field-set.ts';
import { type Managed, type Managers, managerId, seconds } from './managed-fields.ts';

/** Upstream's DefaultMaxUpdateManagers. */
export const MAX_UPDATE_MANAGERS = 10;
const BUCKET = 'ancient-changes';

/**
 * Keeps the number of managers by update within bounds: the oldest of each version are merged into one called
 * `ancient-changes`. Writes to `managers`.
 */
export function capManagers(managers: Managers): void {
  if (managers.size <= MAX_UPDATE_MANAGERS) return;
  const updaters = [...managers].filter(([, claim]) => claim.operation === 'Update');
  if (updaters.length <= MAX_UPDATE_MANAGERS) return;
  updaters.sort(([a, left], [b, right]) => seconds(left.time) - seconds(right.time) || (a < b ? -1 : 1));
  let excess = updaters.length - MAX_UPDATE_MANAGERS;
  const firsts = new Map<string, [string, Managed]>();
  for (const [id, claim] of updaters) {
    if (excess === 0) return;
    const first = firsts.get(claim.apiVersion);
    if (first === undefined) {
      firsts.set(claim.apiVersion, [id, claim]);
      continue;
    }
    const name = {
      manager: BUCKET,
      operation: 'Update',
      apiVersion: claim.apiVersion,
      subresource: '',
    } as const;
    const bucketId = managerId(name);
    let bucket = managers.get(bucketId);
    if (bucket === undefined) {
      bucket = first[1];
      managers.delete(first[0]);
    }
    managers.delete(id);
    managers.set(bucketId, { ...name, set: union(claim.set, bucket.set), time: claim.time });
    excess--;
  }
}
