import type { KubeObject, ResourceDefinition } from '@sampan/api';
import type { ResourceTable } from '../registry/resource-table.ts';

/** An object of one served version in another one of the same resource; a copy, the argument stays as it is. */
export async function convertBetween(
  resources: ResourceTable,
  from: ResourceDefinition,
  to: ResourceDefinition,
  object: KubeObject,
): Promise<KubeObject> {
  const source = resources.get(from.group, from.version, from.resource);
  const target = resources.get(to.group, to.version, to.resource);
  if (!source || !target) throw new Error(`${to.resource} is no longer served as ${to.version}`);
  return structuredClone(await target.fromStorage(await source.toStorage(object)));
}
