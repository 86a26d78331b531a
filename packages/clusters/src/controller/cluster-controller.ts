import { type KubeObject, StatusError } from '@sampan/api';
import { type Clock, deepEqual, type Logger, messageOf, Quantity, SampanError } from '@sampan/base';
import { type Client, Informer, Reconciler } from '@sampan/machinery';
import type { GuestHost, GuestListener, GuestOrigin, GuestSettings, GuestState } from '../guest-host.ts';
import {
  CLUSTERS,
  type Cluster,
  type ClusterAction,
  type ClusterQuota,
  type ClusterStatus,
  DEFAULT_RANGES,
} from '../kind/cluster.ts';
import type { MachineQuota } from '../node-request.ts';
import { ACTIONS, type ActionResult, BACKED_UP, runBackup } from './cluster-actions.ts';
import { clusterStatus, type Outcome, reasonOf, withCondition } from './cluster-status.ts';
import { FINALIZER, type Known, nextStep, type Step } from './next-step.ts';

export interface ClusterControllerOptions {
  /** Of the host cluster; the kind is installed. */
  readonly client: Client;
  readonly host: GuestHost;
  /** `https://HOST:PORT`. */
  readonly url: string;
  /** The Kubernetes release that guests serve. */
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ClusterController {
  /** To be told what clusters do by themselves. */
  readonly changed: GuestListener;
  /** To be told that what holds guests began anew: none is awake any more. */
  readonly restarted: () => void;
  /** Resolves when what it was doing is done. May be called twice. */
  stop(): Promise<void>;
}

/** What came of an action; `failure` undefined: it went well. */
interface Acted {
  readonly action: ClusterAction;
  /** When it was asked for, by which it is known. */
  readonly at: string;
  readonly result: ActionResult;
  readonly failure: unknown;
}

const DEFAULT_IDLE_SECONDS = 600;
/** What only another spec, or another file, can mend. */
const LASTING = [
  'guest-failed',
  'guest-too-new',
  'guest-record-invalid',
  'guest-keys-invalid',
  'guest-name',
  'cluster-schedule',
  'cluster-origin',
];
const isLasting = (code: string): boolean => LASTING.includes(code) || code.startsWith('guest-backup-');
/** The process that would have done it is gone: nothing can be said of what was asked. */
const GONE = 'guests-gone';

/** Makes guest clusters what their objects say, and tells there what they are. */
export function startClusterController(options: ClusterControllerOptions): ClusterController {
  const controller = new Controller(options);
  controller.start();
  return controller;
}

class Controller implements ClusterController {
  readonly #options: ClusterControllerOptions;
  readonly #clusters: Informer<Cluster>;
  readonly #reconciler: Reconciler;
  /** By uid: generations that were made so since this controller, or what holds guests, started. */
  readonly #settled = new Map<string, number>();
  /** What guests were then. */
  #phases: Readonly<Record<string, GuestState['phase']>> = {};
  /** What clusters did by themselves, and is not told yet. */
  readonly #news = new Map<string, Outcome>();
  /** What came of what was asked, until it is told: it is not done again because it could not be told. */
  readonly #acted = new Map<string, Acted>();
  /** What was told, until it is seen. */
  readonly #told = new Map<string, Cluster>();
  /** When scheduled backups failed. */
  readonly #failedBackups = new Map<string, number>();

  constructor(options: ClusterControllerOptions) {
    const { client, clock, log } = options;
    this.#options = options;
    this.#clusters = new Informer<Cluster>({ client, ref: CLUSTERS, clock, log });
    const reconcile = (name: string) => this.#reconcile(name);
    this.#reconciler = new Reconciler({ name: 'clusters', clock, log, reconcile });
  }

  start(): void {
    this.#clusters.onChange(({ type, object }) => {
      const { name = '', uid = '' } = object.metadata;
      if (type !== 'deleted') this.#reconciler.enqueue(name);
      else {
        this.#settled.delete(uid);
        for (const known of [this.#news, this.#acted, this.#told, this.#failedBackups]) known.delete(name);
      }
    });
    this.#clusters.start();
    void this.#begin();
  }

  async #begin(): Promise<void> {
    await this.#clusters.synced();
    await this.#lookAround();
    this.#reconciler.start();
  }

  /** What is as its status tells needs nothing more; without this knowledge each is looked at. */
  async #lookAround(): Promise<void> {
    if (this.#clusters.list().next().done) return;
    try {
      this.#phases = await this.#options.host.phases();
    } catch (error) {
      this.#options.log.warn('guest clusters cannot be listed', { error: messageOf(error) });
    }
  }

  readonly changed: GuestListener = (name, state) => {
    this.#news.set(name, state);
    this.#reconciler.enqueue(name);
  };

  readonly restarted = (): void => {
    this.#settled.clear();
    this.#phases = {};
    void this.#lookAround().then(() => {
      for (const { metadata } of this.#clusters.list()) this.#reconciler.enqueue(metadata.name ?? '');
    });
  };

  async stop(): Promise<void> {
    this.#clusters.stop();
    await this.#reconciler.stop();
  }

  async #reconcile(name: string): Promise<{ readonly afterMs: number } | undefined> {
    const cluster = this.#newest(name);
    if (!cluster) return undefined;
    const step = await this.#stepOf(name, cluster);
    if (step) await this.#take(step, name, cluster);
    return step?.do === 'rest' && step.afterMs !== undefined ? { afterMs: step.afterMs } : undefined;
  }

  /** What was told last may not have come back yet: what it says was done must not be done again. */
  #newest(name: string): Cluster | undefined {
    const seen = this.#clusters.get('', name);
    const told = this.#told.get(name);
    if (!seen || !told) return seen;
    const isAhead = told.metadata.uid === seen.metadata.uid && versionOf(told) > versionOf(seen);
    if (!isAhead) this.#told.delete(name);
    return isAhead ? told : seen;
  }

  /** undefined: nothing can be done before its spec changes. */
  async #stepOf(name: string, cluster: Cluster): Promise<Step | undefined> {
    try {
      return nextStep(cluster, this.#knownOf(name, cluster));
    } catch (error) {
      await this.#tellFailedBackup(name, cluster, error);
      return undefined;
    }
  }

  #knownOf(name: string, { metadata }: Cluster): Known {
    const { clock } = this.#options;
    return {
      settled: this.#settled.get(metadata.uid ?? ''),
      // news may be of a process that is gone, or newer than what was seen at the start
      phase: this.#news.has(name) ? undefined : this.#phases[name],
      backupFailedAt: this.#failedBackups.get(name) ?? 0,
      endpoint: this.#endpointOf(name),
      now: clock.now(),
    };
  }

  #endpointOf(name: string): string {
    return `${this.#options.url}/clusters/${name}`;
  }

  /** The event of the change that a step makes goes on with it. */
  async #take(step: Step, name: string, cluster: Cluster): Promise<void> {
    if (step.do === 'remove') await this.#remove(name, cluster);
    else if (step.do === 'hold') await this.#hold(name, cluster);
    else if (step.do === 'expire') await this.#expire(name, cluster);
    else if (step.do === 'readdress')
      await this.#tell(name, cluster, { ...cluster.status, endpoint: this.#endpointOf(name) });
    else if (step.do === 'settle') await this.#settle(name, cluster, step.isNew);
    else if (step.do === 'act') await this.#act(name, cluster, step.action, step.at);
    else if (step.do === 'backup') await this.#backUp(name, cluster);
    else if (step.do === 'rest') await this.#tellNews(name, cluster);
  }

  async #hold(name: string, cluster: Cluster): Promise<void> {
    const { finalizers = [], resourceVersion } = cluster.metadata;
    await this.#options.client.patch(CLUSTERS, undefined, name, 'merge', {
      metadata: { finalizers: [...finalizers, FINALIZER], resourceVersion },
    });
  }

  /** Not when it was had back meanwhile. */
  async #expire(name: string, { metadata }: Cluster): Promise<void> {
    const { uid, resourceVersion } = metadata;
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    await this.#options.client.delete(CLUSTERS, undefined, name, { preconditions }).catch(ignoreMissing);
  }

  async #settle(name: string, cluster: Cluster, isNew: boolean): Promise<void> {
    const { generation = 0, uid = '' } = cluster.metadata;
    try {
      const state = await this.#make(name, cluster, isNew);
      this.#settled.set(uid, generation);
      if (isNew) this.#lookAtClonesOf(name);
      // in place of what came before the answer; what comes from now on is newer
      this.#news.set(name, state);
      await this.#tellNews(name, cluster);
    } catch (error) {
      const code = codeOf(error);
      if (code === GONE || error instanceof StatusError) throw error;
      await this.#tell(
        name,
        cluster,
        clusterStatus(cluster, await this.#failureOf(name, error), this.#facts()),
      );
      if (!isLasting(code)) throw error;
      this.#settled.set(uid, generation);
    }
  }

  /** Those that waited for it. */
  #lookAtClonesOf(name: string): void {
    for (const { metadata, spec, status } of this.#clusters.list())
      if (spec?.from?.cluster === name && status?.endpoint === undefined)
        this.#reconciler.enqueue(metadata.name ?? '');
  }

  async #make(name: string, cluster: Cluster, isNew: boolean): Promise<GuestState> {
    const { host } = this.#options;
    const settings = settingsOf(cluster);
    if (isNew) {
      const origin = originOf(cluster);
      // not after each failure: what is told has it looked at again at once
      if (origin && cluster.status?.phase !== 'Failed') await this.#tellPhase(name, cluster, 'Creating');
      return host.create(name, settings, origin);
    }
    const state = await host.configure(name, settings);
    // it may have been mended while nobody looked
    const tries = cluster.status?.phase === 'Failed' && state.phase === 'asleep' && !settings.paused;
    return tries && !settings.isDeleted ? host.wake(name) : state;
  }

  /** One that is there but cannot be opened tells more of it itself. */
  async #failureOf(name: string, error: unknown): Promise<Outcome> {
    const code = codeOf(error);
    const failure = { phase: 'failed', message: messageOf(error), code } as const;
    if (code !== 'guest-failed') return failure;
    return this.#options.host.state(name).catch(() => failure);
  }

  async #act(name: string, cluster: Cluster, action: ClusterAction, at: string): Promise<void> {
    if (ACTIONS[action].isUpgrade) await this.#tellPhase(name, cluster, 'Upgrading');
    const before = this.#acted.get(name);
    const acted =
      before?.action === action && before.at === at ? before : await this.#run(name, cluster, action, at);
    this.#acted.set(name, acted);
    const { result, failure } = acted;
    const state = result.state ?? (await this.#options.host.state(name));
    // of before the answer
    if (acted !== before) this.#news.delete(name);
    await this.#tellAction(name, cluster, action, at, { ...result, state }, failure);
    this.#acted.delete(name);
  }

  async #run(name: string, cluster: Cluster, action: ClusterAction, at: string): Promise<Acted> {
    const { host, log } = this.#options;
    try {
      return { action, at, result: await ACTIONS[action].run(host, cluster), failure: undefined };
    } catch (failure) {
      if (codeOf(failure) === GONE) throw failure;
      const error = messageOf(failure);
      log.warn('what was asked of a cluster failed', { cluster: name, action, error });
      return { action, at, result: {}, failure };
    }
  }

  async #tellAction(
    name: string,
    cluster: Cluster,
    action: ClusterAction,
    at: string,
    { state, backup }: ActionResult & { readonly state: GuestState },
    failure: unknown,
  ): Promise<void> {
    const facts = this.#facts();
    const status = clusterStatus(cluster, state, facts);
    const { condition } = ACTIONS[action];
    if (!condition) {
      const done = { ...status, handled: { ...status.handled, [action]: at } };
      await this.#tell(name, cluster, done);
      return;
    }
    const [type, reason, message] = condition;
    const told = failure === undefined ? ({ status: 'True', reason, message } as const) : toldOf(failure);
    await this.#tell(name, cluster, {
      ...status,
      ...(backup ? { backup } : {}),
      handled: { ...status.handled, [action]: at },
      conditions: withCondition({ ...cluster, status }, type, told, facts.now),
    });
  }

  async #backUp(name: string, cluster: Cluster): Promise<void> {
    const { host, clock } = this.#options;
    try {
      const { backup } = await runBackup(host, cluster);
      const [type, reason, message] = BACKED_UP;
      const conditions = withCondition(cluster, type, { status: 'True', reason, message }, clock.now());
      await this.#tell(name, cluster, { ...cluster.status, ...(backup ? { backup } : {}), conditions });
    } catch (error) {
      if (codeOf(error) === GONE || error instanceof StatusError) throw error;
      this.#failedBackups.set(name, clock.now());
      await this.#tellFailedBackup(name, cluster, error);
      this.#reconciler.enqueue(name);
    }
  }

  async #tellFailedBackup(name: string, cluster: Cluster, error: unknown): Promise<void> {
    const conditions = withCondition(cluster, 'BackedUp', toldOf(error), this.#options.clock.now());
    await this.#tell(name, cluster, { ...cluster.status, conditions });
  }

  async #tellPhase(
    name: string,
    cluster: Cluster,
    phase: 'Creating' | 'Upgrading' | 'Deleting',
  ): Promise<void> {
    await this.#tell(name, cluster, { ...cluster.status, phase });
  }

  async #tellNews(name: string, cluster: Cluster): Promise<void> {
    const news = this.#news.get(name);
    if (!news) return;
    await this.#tell(name, cluster, clusterStatus(cluster, news, this.#facts()));
    if (this.#news.get(name) === news) this.#news.delete(name);
  }

  async #tell(name: string, cluster: Cluster, status: ClusterStatus): Promise<void> {
    // it may have been told something else since it was looked at
    if (deepEqual(status, (this.#newest(name) ?? cluster).status)) return;
    try {
      const { client } = this.#options;
      const subresource = 'status';
      const told = await client.patch<Cluster>(
        CLUSTERS,
        undefined,
        name,
        'merge',
        { status },
        { subresource },
      );
      this.#told.set(name, told);
    } catch (error) {
      ignoreMissing(error);
    }
  }

  #facts() {
    const { url, version, clock } = this.#options;
    return { url, version, now: clock.now() };
  }

  async #remove(name: string, cluster: Cluster): Promise<void> {
    await this.#tellPhase(name, cluster, 'Deleting');
    await this.#options.host.remove(name);
    const left = (cluster.metadata.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
    await this.#options.client
      .patch<KubeObject>(CLUSTERS, undefined, name, 'merge', { metadata: { finalizers: left } })
      .catch(ignoreMissing);
  }
}

function settingsOf({ metadata, spec = {} }: Cluster): GuestSettings {
  const { objects, bytes, requestsPerSecond } = spec.quota ?? {};
  return {
    uid: metadata.uid ?? '',
    idleMs: 1000 * (spec.idleSeconds ?? DEFAULT_IDLE_SECONDS),
    paused: spec.paused ?? false,
    isSandboxed: spec.trust === 'sandboxed',
    isDeleted: spec.deletion !== undefined,
    quota: {
      ...(objects === undefined ? {} : { objects }),
      ...(bytes === undefined ? {} : { bytes }),
      ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
    },
    machine: machineQuota(spec.quota),
    ranges: { ...DEFAULT_RANGES, ...spec.network },
    nodeRanges: spec.nodes?.ranges ?? [],
    revoked: spec.revoked ?? [],
  };
}

/** Throws when a quantity is none. */
function machineQuota({ pods, cpu, memory }: ClusterQuota = {}): MachineQuota {
  return {
    ...(pods === undefined ? {} : { pods }),
    ...(cpu === undefined ? {} : { milliCpus: Quantity.parse(String(cpu)).milliValue() }),
    ...(memory === undefined ? {} : { memoryBytes: Quantity.parse(String(memory)).value() }),
  };
}

/** Throws `cluster-origin`. */
function originOf({ spec }: Cluster): GuestOrigin | undefined {
  const { cluster, backup } = spec?.from ?? {};
  if (cluster !== undefined && backup !== undefined)
    throw new SampanError('cluster-origin', 'spec.from names a cluster and a backup', {
      hint: 'Name one of both.',
    });
  if (cluster !== undefined) return { cluster };
  return backup === undefined ? undefined : { backup };
}

const versionOf = ({ metadata }: Cluster): bigint => BigInt(metadata.resourceVersion ?? 0);

const codeOf = (error: unknown): string => (error instanceof SampanError ? error.code : 'internal');

function toldOf(error: unknown) {
  const hint = error instanceof SampanError && error.hint ? ` ${error.hint}` : '';
  return {
    status: 'False',
    reason: reasonOf(codeOf(error), 'Failed'),
    message: `${messageOf(error)}${hint}`,
  } as const;
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof StatusError) || error.code !== 404) throw error;
}
