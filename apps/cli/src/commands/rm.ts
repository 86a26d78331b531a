import type { KubeObject } from '@sampan/api';
import { type Client, REFS } from '@sampan/machinery';
import { type App, findApp, listApps, titleOf } from '../apps/app.ts';
import { MANAGED_BY } from '../apps/manifest.ts';
import { withCluster } from '../cluster.ts';
import type { Invocation } from '../command.ts';

/** What goes with an application when the command line made it. */
const COMPANIONS = [REFS.services, REFS.configMaps];

/** Removes applications, and what `run` and `up` made beside them. All names are looked up before anything goes. */
export async function run(invocation: Invocation): Promise<number> {
  return await withCluster(invocation, async ({ client, namespace }) => {
    const apps = await listApps(client, namespace);
    for (const app of invocation.args.map((word) => findApp(apps, word))) await remove(client, app);
    return 0;
  });
}

async function remove(client: Client, app: App): Promise<void> {
  const { namespace, name, kind } = app;
  await client.delete(kind.ref, namespace, name, { propagationPolicy: 'Background' });
  process.stdout.write(`${titleOf(app)} deleted\n`);
  const labels = { app: name, ...MANAGED_BY };
  const labelSelector = Object.entries(labels)
    .map((pair) => pair.join('='))
    .join(',');
  for (const ref of COMPANIONS) {
    for (const { metadata } of (await client.list<KubeObject>(ref, { namespace, labelSelector })).items) {
      await client.delete(ref, namespace, metadata.name ?? '');
      process.stdout.write(`${ref.kind.toLowerCase()}/${metadata.name} deleted\n`);
    }
  }
}
