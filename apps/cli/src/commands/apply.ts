import type { KubeObject } from '@sampan/api';
import { printedOnly, printObjects, ResourceFinder } from '../apps/make.ts';
import { readObjects } from '../apps/read-objects.ts';
import { checkCluster } from '../check-cluster.ts';
import { withCluster } from '../cluster.ts';
import type { Invocation } from '../command.ts';
import { usage } from '../parse.ts';
import { listOf } from '../values.ts';

/** Server-side apply (KEP-555) of all objects, in the order in which they are given. */
export async function run(invocation: Invocation): Promise<number> {
  const sources = listOf(invocation.options.filename);
  if (sources.length === 0) throw usage('"apply" needs a file.', 'For example: sampan apply -f app.yaml');
  const objects = sources.flatMap(readObjects);
  checkCluster(invocation);
  if (await printedOnly(invocation, objects)) return 0;
  return await withCluster(invocation, async ({ client, namespace }) => {
    const finder = new ResourceFinder(client);
    const applied: KubeObject[] = [];
    for (const object of objects) {
      const ref = await finder.find(object);
      const name = object.metadata.name ?? '';
      const where = ref.namespaced ? (object.metadata.namespace ?? namespace) : undefined;
      const options = { force: invocation.options.force === true };
      const result = await client.patch<KubeObject>(ref, where, name, 'apply', object, options);
      if (invocation.options.output === undefined) await printObjects([result], undefined, () => 'applied');
      applied.push(result);
    }
    if (invocation.options.output !== undefined) await printObjects(applied, invocation.options.output);
    return 0;
  });
}
