import { SampanError } from '@sampan/base';
import { findApp, listApps, titleOf } from '../apps/app.ts';
import { printedOnly, printObjects } from '../apps/make.ts';
import { WORKLOADS } from '../apps/workload.ts';
import { withCluster } from '../cluster.ts';
import type { Invocation } from '../command.ts';
import { numberOf } from '../values.ts';

export async function run(invocation: Invocation): Promise<number> {
  const [word = '', count] = invocation.args;
  const replicas = numberOf('replicas', count, { least: 0, most: 10_000 });
  return await withCluster(invocation, async ({ client, namespace }) => {
    const app = findApp(await listApps(client, namespace), word);
    const { ref, scales } = app.kind;
    if (!scales) {
      throw new SampanError('not-scalable', `A ${ref.kind} has no number of pods that can be set.`, {
        hint: `These have: ${WORKLOADS.filter((kind) => kind.scales)
          .map((kind) => kind.ref.kind)
          .join(', ')}.`,
      });
    }
    const metadata = { name: app.name, namespace };
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata, spec: { replicas } };
    if (await printedOnly(invocation, [scale])) return 0;
    await client.patch(ref, namespace, app.name, 'merge', { spec: { replicas } }, { subresource: 'scale' });
    if (invocation.options.output === undefined)
      process.stdout.write(`${titleOf(app)} scaled to ${replicas}\n`);
    else await printObjects([scale], invocation.options.output);
    return 0;
  });
}
