import type { KubeObject } from '@sampan/api';
import type { Client } from '@sampan/machinery';
import { ResourceFinder } from './make.ts';

export interface ApplyOptions {
  /** Of objects that name none. */
  readonly namespace: string;
  /** Takes fields over that somebody else set. */
  readonly force: boolean;
  /** Called after each. */
  readonly onApplied?: (object: KubeObject) => Promise<void>;
}

/** Server-side apply (KEP-555) of objects in their order; returns them as they are now. Throws StatusErrors. */
export async function applyObjects(
  client: Client,
  objects: readonly KubeObject[],
  { namespace, force, onApplied }: ApplyOptions,
): Promise<KubeObject[]> {
  const finder = new ResourceFinder(client);
  const applied: KubeObject[] = [];
  for (const object of objects) {
    const ref = await finder.find(object);
    const where = ref.namespaced ? (object.metadata.namespace ?? namespace) : undefined;
    const name = object.metadata.name ?? '';
    const result = await client.patch<KubeObject>(ref, where, name, 'apply', object, { force });
    await onApplied?.(result);
    applied.push(result);
  }
  return applied;
}
