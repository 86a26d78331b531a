import { applyObjects } from '../apps/apply.ts';
import { printedOnly, printObjects } from '../apps/make.ts';
import { readObjects } from '../apps/read-objects.ts';
import { checkCluster } from '../check-cluster.ts';
import { withCluster } from '../cluster.ts';
import type { Invocation } from '../command.ts';
import { usage } from '../parse.ts';
import { listOf } from '../values.ts';

/** What is already applied when one object is refused stays, and was said. */
export async function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const sources = listOf(options.filename);
  if (sources.length === 0) throw usage('"apply" needs a file.', 'For example: sampan apply -f app.yaml');
  const objects = sources.flatMap(readObjects);
  checkCluster(invocation);
  if (await printedOnly(invocation, objects)) return 0;
  return await withCluster(invocation, async ({ client, namespace }) => {
    const { output } = options;
    const applied = await applyObjects(client, objects, {
      namespace,
      force: options.force === true,
      ...(output === undefined
        ? { onApplied: (object) => printObjects([object], undefined, () => 'applied') }
        : {}),
    });
    if (output !== undefined) await printObjects(applied, output);
    return 0;
  });
}
