import { type KubeObject, StatusError } from '@sampan/api';
import { SampanError } from '@sampan/base';
import { CLUSTERS, type Cluster, GROUP, VERSION } from '@sampan/clusters';
import type { Client } from '@sampan/machinery';
import { printedOnly, printObjects } from '../apps/make.ts';
import { takeBackup, usingBackup } from '../clusters/backup-files.ts';
import { getCluster, untilDone, waitMsOf, withHost } from '../clusters/change-cluster.ts';
import { checkNewName, labelsFrom, specFrom } from '../clusters/cluster-spec.ts';
import { shownOf } from '../clusters/shown-of.ts';
import type { Invocation } from '../command.ts';
import { homeFlag } from '../next-steps.ts';
import { usage } from '../parse.ts';
import { asCalled } from '../program-name.ts';
import { listOf } from '../values.ts';

/** Makes a cluster; also of a backup or of another one. Resolves when it serves. */
export async function run(invocation: Invocation): Promise<number> {
  const [name = ''] = invocation.args;
  return await createCluster(invocation, checkNewName(name), invocation.options.clone);
}

/** `origin`: the name of a cluster whose content it gets. */
export async function createCluster(invocation: Invocation, name: string, origin: unknown): Promise<number> {
  const { home, options } = invocation;
  if (origin !== undefined && options.from !== undefined)
    throw usage(
      'A cluster is made of another one or of a backup, not of both.',
      'Leave out --clone or --from.',
    );
  const backup = typeof options.from === 'string' ? takeBackup(home, options.from) : undefined;
  return await usingBackup(backup, async () => {
    const from = backup
      ? { backup: backup.name }
      : typeof origin === 'string'
        ? { cluster: origin }
        : undefined;
    const object = clusterObject(name, options, from);
    if (await printedOnly(invocation, [object])) return 0;
    return await withHost(invocation, async (client) => {
      if (from?.cluster !== undefined) await getCluster(client, from.cluster);
      const timeoutMs = waitMsOf(invocation);
      const created = await create(client, object);
      const made = timeoutMs === 0 ? created : await untilMade(client, created, timeoutMs);
      // what reads the copy does so later
      if (timeoutMs === 0) backup?.keep();
      await printObjects([shownOf(made)], options.output, () => 'created');
      if (options.output === undefined) tellNext(invocation, name);
      return 0;
    });
  });
}

function clusterObject(name: string, options: Invocation['options'], from: object | undefined): KubeObject {
  const labels = labelsFrom(listOf(options.label));
  return {
    apiVersion: `${GROUP}/${VERSION}`,
    kind: 'Cluster',
    metadata: { name, ...(Object.keys(labels).length > 0 ? { labels } : {}) },
    spec: { ...specFrom(options), ...(from ? { from } : {}) },
  };
}

async function create(client: Client, object: Cluster): Promise<Cluster> {
  try {
    return await client.create(CLUSTERS, object);
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 409) throw error;
    const { name } = object.metadata;
    throw new SampanError('cluster-exists', `The cluster ${name} exists already.`, {
      hint: `Choose another name. What is there: sampan cluster describe ${name}`,
    });
  }
}

/** What could not be made does not stay. */
async function untilMade(client: Client, created: Cluster, timeoutMs: number): Promise<Cluster> {
  try {
    return await untilDone(client, created, {}, timeoutMs);
  } catch (error) {
    if (!(error instanceof SampanError) || error.code !== 'cluster-failed') throw error;
    const { name = '', uid } = created.metadata;
    await client.delete(CLUSTERS, undefined, name, uid === undefined ? {} : { preconditions: { uid } });
    throw new SampanError('cluster-failed', `${error.message} It is deleted again.`, { cause: error });
  }
}

function tellNext(invocation: Invocation, name: string): void {
  const flags = `${homeFlag(invocation)} --cluster ${name}`;
  const text = `
Try next:
  sampan run${flags} nginx --port 80
  sampan kubectl${flags} get all -A
  sampan kubeconfig${flags} --merge
`;
  process.stderr.write(asCalled(text, invocation.environment));
}
