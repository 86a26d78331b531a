import { SampanError } from '@sampan/base';
import { REFS } from '@sampan/machinery';
import { printedOnly, printObjects } from '../apps/make.ts';
import { envFrom, nameFrom, type RunPlan, runManifest } from '../apps/manifest.ts';
import { tellTrouble } from '../apps/tell-trouble.ts';
import { watchApp } from '../apps/wait-for-app.ts';
import { WORKLOADS } from '../apps/workload.ts';
import { checkCluster } from '../check-cluster.ts';
import { type Cluster, withCluster } from '../cluster.ts';
import type { Invocation } from '../command.ts';
import { asCalled } from '../program-name.ts';
import { listOf, numberOf, secondsOf } from '../values.ts';

export async function run(invocation: Invocation): Promise<number> {
  const plan = planOf(invocation);
  const objects = runManifest(plan);
  checkCluster(invocation);
  if (await printedOnly(invocation, objects)) return 0;
  return await withCluster(invocation, async (cluster) => {
    await create(cluster, plan, objects);
    await printObjects(objects, invocation.options.output, () => 'created');
    if (invocation.options.output !== undefined) return 0;
    return await report(invocation, cluster, plan);
  });
}

function planOf({ args, options, environment }: Invocation): RunPlan {
  const [image = '', ...command] = args;
  return {
    image,
    name: typeof options.name === 'string' ? options.name : nameFrom(image),
    namespace: typeof options.namespace === 'string' ? options.namespace : 'default',
    replicas: numberOf('replicas', options.replicas, { least: 0, most: 1000 }) ?? 1,
    ports: listOf(options.port).map((port) => numberOf('port', port, { least: 1, most: 65_535 }) ?? 0),
    env: envFrom(listOf(options.env), environment),
    command,
  };
}

/** The Service last: when it cannot be made, what was made before it goes again. */
async function create(
  { client }: Cluster,
  plan: RunPlan,
  objects: ReturnType<typeof runManifest>,
): Promise<void> {
  const [deployment, service] = objects;
  const [kind] = WORKLOADS;
  if (!kind) return;
  await client.create(kind.ref, deployment as never);
  try {
    if (service) await client.create(REFS.services, service as never);
  } catch (error) {
    await client.delete(kind.ref, plan.namespace, plan.name, { propagationPolicy: 'Background' });
    throw error;
  }
}

/** Waits until it runs, and says where; or says why it does not. */
async function report(invocation: Invocation, { client }: Cluster, plan: RunPlan): Promise<number> {
  const timeoutMs = secondsOf('wait', invocation.options.wait, 60) * 1000;
  if (plan.replicas === 0 || timeoutMs === 0) return 0;
  const { namespace, name } = plan;
  let last: Parameters<typeof tellTrouble>[0] | undefined;
  const app = await watchApp(client, { namespace, name, timeoutMs }, (found) => {
    last = found;
    return found && (found.ready >= found.wanted || found.trouble?.lasting) ? found : undefined;
  });
  const told = last && tellTrouble(last);
  if (app && app.ready >= app.wanted) {
    const [url] = app.urls;
    process.stdout.write(url ? `${name} runs at ${url}\n` : `${name} runs.\n`);
    return 0;
  }
  throw new SampanError('app-not-running', told?.problem ?? `${name} does not run yet: nothing says why.`, {
    hint: asCalled(
      `${told?.advice ? `${told.advice}\n` : ''}It stays, and is tried again. Look: sampan ps. Remove it: sampan rm ${name}`,
      invocation.environment,
    ),
  });
}
