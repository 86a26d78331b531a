import { StatusError } from '@sampan/api';
import { SampanError } from '@sampan/base';
import {
  CLUSTERS,
  type Cluster,
  type ClusterAction,
  type ClusterCondition,
  type ClusterConditionType,
  type ClusterSpec,
  isHandled,
} from '@sampan/clusters';
import type { Client } from '@sampan/machinery';
import { printObjects } from '../apps/make.ts';
import { HOST } from '../check-cluster.ts';
import { withCluster } from '../cluster.ts';
import type { Invocation } from '../command.ts';
import { usage } from '../parse.ts';
import { progress } from '../progress.ts';
import { secondsOf } from '../values.ts';
import { clusterMissing } from './guest-access.ts';
import { shownOf } from './shown-of.ts';
import { watchCluster } from './watch-cluster.ts';

/** A part of a spec, as a merge patch (RFC 7396): null takes a field away. */
export type SpecPatch = { readonly [K in keyof ClusterSpec]?: unknown };

export interface Change {
  readonly patch: SpecPatch;
  /** Which of those that are asked for by a time it asks for; undefined: the controller has seen it, and the cluster is as it should be. */
  readonly done?: ClusterAction;
  /** What tells whether it went well; undefined: the phase does. */
  readonly condition?: ClusterConditionType;
  /** Nobody else may have changed it since; otherwise it is a conflict (409). */
  readonly resourceVersion?: string | undefined;
  /** Of `cluster/NAME WORD`. */
  readonly word: string;
}

/** A new time each time, for actions that are asked for by one. */
export const now = (): string => new Date().toISOString();

const DEFAULT_WAIT_SECONDS = 60;

export const waitMsOf = ({ options }: Pick<Invocation, 'options'>): number =>
  1000 * secondsOf('wait', options.wait, DEFAULT_WAIT_SECONDS);

/** Gives a command the host cluster, whose objects the clusters are. */
export async function withHost<T>(
  { home, port, environment, args, options }: Invocation,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const { cluster: _cluster, ...others } = options;
  return await withCluster({ home, port, environment, args, options: others }, ({ client }) => use(client));
}

/** Throws `cluster-not-found`. */
export async function getCluster(client: Client, name: string): Promise<Cluster> {
  if (name === HOST)
    throw usage('The cluster "host" is Sampan itself.', 'See the others: sampan cluster list');
  try {
    return await client.get<Cluster>(CLUSTERS, undefined, name);
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 404) throw error;
    const { items } = await client.list<Cluster>(CLUSTERS, { metadataOnly: true });
    throw clusterMissing(
      name,
      items.map(({ metadata }) => metadata.name ?? ''),
    );
  }
}

/** Changes the cluster that is the first argument, waits until that is done, and says so. Returns the cluster then. */
export async function changeCluster(invocation: Invocation, change: Change): Promise<Cluster> {
  return await withHost(invocation, async (client) => {
    const changed = await applyChange(invocation, client, invocation.args[0] ?? '', change);
    await printObjects([shownOf(changed)], outputOf(invocation), () => change.word);
    return changed;
  });
}

/** A dry run shows what would be; undefined: a word about it. */
export const outputOf = ({ options }: Pick<Invocation, 'options'>): unknown =>
  options.output ?? (options['dry-run'] === true ? 'yaml' : undefined);

/** As `changeCluster`, without a word. Throws `cluster-not-found`, `cluster-failed`, `cluster-slow`. */
export async function applyChange(
  { options }: Pick<Invocation, 'options'>,
  client: Client,
  name: string,
  change: Change,
): Promise<Cluster> {
  await getCluster(client, name);
  const dryRun = options['dry-run'] === true;
  const { resourceVersion } = change;
  const patch = {
    ...(resourceVersion === undefined ? {} : { metadata: { resourceVersion } }),
    spec: change.patch,
  };
  const changed = await client.patch<Cluster>(CLUSTERS, undefined, name, 'merge', patch, { dryRun });
  const timeoutMs = waitMsOf({ options });
  if (dryRun || timeoutMs === 0) return changed;
  return await untilDone(client, changed, change, timeoutMs);
}

/** Waits until a cluster is as it was asked to be. */
export async function untilDone(
  client: Client,
  { metadata: { name = '', generation = 0 } }: Cluster,
  { done, condition }: Pick<Change, 'done' | 'condition'>,
  timeoutMs: number,
): Promise<Cluster> {
  progress(`Waiting for the cluster ${name}`);
  let last: Cluster | undefined;
  const found = await watchCluster(client, { name, timeoutMs }, (cluster) => {
    if (!cluster) throw clusterMissing(name, []);
    last = cluster;
    const { status } = cluster;
    // somebody may have asked for the same since: then that is done, and this was not on its own
    const isSeen = done ? isHandled(cluster, done) : (status?.observedGeneration ?? 0) >= generation;
    return isSeen && status?.phase !== 'Creating' ? cluster : undefined;
  });
  if (!found) throw tooSlow(name, timeoutMs, conditionOf(last, 'Ready'));
  const said = conditionOf(found, condition ?? 'Ready');
  const isFailed = condition ? said?.status === 'False' : found.status?.phase === 'Failed';
  if (isFailed && said) throw failed(name, said);
  return found;
}

export const conditionOf = (
  cluster: Pick<Cluster, 'status'> | undefined,
  wanted: ClusterConditionType,
): ClusterCondition | undefined => cluster?.status?.conditions?.find(({ type }) => type === wanted);

const failed = (name: string, { message, reason }: ClusterCondition): SampanError =>
  new SampanError(
    'cluster-failed',
    `The cluster ${name} is not as it was asked to be: ${message.replace(/\.$/, '')} (${reason}).`,
    {
      hint: `See: sampan cluster describe ${name}`,
    },
  );

const tooSlow = (name: string, timeoutMs: number, said: ClusterCondition | undefined): SampanError =>
  new SampanError(
    'cluster-slow',
    `The cluster ${name} is not as it was asked to be after ${timeoutMs / 1000} s${said ? `: ${said.message.replace(/\.$/, '')}` : ''}.`,
    { hint: `Sampan goes on with it. See: sampan cluster describe ${name}` },
  );
