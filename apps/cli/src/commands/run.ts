import { setTimeout as sleep } from 'node:timers/promises';
import { SampanError } from '@sampan/base';
import { type Client, REFS } from '@sampan/machinery';
import { untilTaken } from '../apps/answers.ts';
import { type App, listApps } from '../apps/app.ts';
import { printedOnly, printObjects } from '../apps/make.ts';
import { envFrom, nameFrom, type RunPlan, runManifest } from '../apps/manifest.ts';
import { tellTrouble } from '../apps/tell-trouble.ts';
import { watchApp } from '../apps/wait-for-app.ts';
import { WORKLOADS } from '../apps/workload.ts';
import { checkCluster, guestOf } from '../check-cluster.ts';
import { type Cluster, withCluster } from '../cluster.ts';
import type { Invocation } from '../command.ts';
import { saidInCluster } from '../program-name.ts';
import { progress } from '../progress.ts';
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

/** A program without a probe counts as ready even if it is just about to fail. */
const STEADY_MS = 1000;

/** Waits until it runs, and says where; or says why it does not. */
async function report(invocation: Invocation, { client, reach }: Cluster, plan: RunPlan): Promise<number> {
  const timeoutMs = secondsOf('wait', invocation.options.wait, 60) * 1000;
  if (plan.replicas === 0 || timeoutMs === 0) return 0;
  const { name } = plan;
  progress(`Waiting for ${name} to run`);
  const app = await untilSteady(client, plan, timeoutMs);
  if (app && isUp(app)) {
    const [url] = app.urls.map(reach);
    process.stdout.write(url ? `${name} runs at ${url}\n` : `${name} runs.\n`);
    if (url && !(await untilTaken(url, LISTENS_MS)))
      process.stderr.write(saidInCluster(nobodyListens(plan), guestOf(invocation)));
    return 0;
  }
  const told = app && tellTrouble(app);
  throw new SampanError('app-not-running', told?.problem ?? `${name} does not run yet: nothing says why.`, {
    hint: `${told?.advice ? `${told.advice}\n` : ''}It stays, and is tried again. Look: sampan ps. Remove it: sampan rm ${name}`,
  });
}

/** Many programs take a moment until they listen. */
const LISTENS_MS = 5000;

const nobodyListens = ({ name, ports }: RunPlan): string =>
  `It takes no connections on port ${ports[0]} yet. Does the program listen there, on all addresses? See: sampan logs ${name}\n`;

const isUp = ({ ready, wanted }: App): boolean => ready >= wanted;

/** The application when all of it has run for a moment, or when waiting longer hardly helps, or at the end. */
async function untilSteady(client: Client, plan: RunPlan, timeoutMs: number): Promise<App | undefined> {
  const { namespace, name } = plan;
  const end = performance.now() + timeoutMs;
  let last: App | undefined;
  for (;;) {
    const left = Math.max(0, end - performance.now());
    const found = await watchApp(client, { namespace, name, timeoutMs: left }, (app) => {
      last = app;
      return app && (isUp(app) || app.trouble?.lasting) ? app : undefined;
    });
    if (!found || !isUp(found)) return found ?? last;
    await sleep(STEADY_MS);
    last = (await listApps(client, namespace)).find((app) => app.name === name);
    if ((last && isUp(last)) || performance.now() >= end) return last;
  }
}
