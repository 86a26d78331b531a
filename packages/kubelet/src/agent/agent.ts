import { type KubeObject, type k8s, StatusError } from '@sampan/api';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import { type Client, Informer, REFS } from '@sampan/machinery';
import type { NodeFacts } from '../pods/node-facts.ts';
import { StartError } from '../pods/start-error.ts';
import {
  admitPod,
  allowedHandler,
  constrainPod,
  type HostPolicy,
  hostPolicyRefusal,
  type Misfit,
  rejectedStatus,
  rejectionEvent,
} from '../policy/index.ts';
import { Probes } from '../probes/probes.ts';
import type { ContainerRuntime, RegistryCredentials } from '../runtime/index.ts';
import { StaticSource } from '../static-pods/static-source.ts';
import { ImagePuller } from '../worker/image-puller.ts';
import { PodRunner } from '../worker/pod-runner.ts';
import type { PodServices, PodTiming, PodVolumes } from '../worker/pod-services.ts';
import type { PulledImages } from '../worker/pulled-images.ts';
import type { PodReport } from '../worker/status-teller.ts';
import { imageCredentials } from './credentials.ts';
import { podEnvironment } from './environment.ts';
import { type NodeEvent, PodEvents } from './pod-events.ts';
import { StatusManager } from './status-manager.ts';

export interface AgentOptions {
  /** The node's own user. */
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly node: string;
  readonly runtime: ContainerRuntime;
  readonly facts: NodeFacts;
  readonly volumes: PodVolumes;
  /** What the owner of the machine allows this cluster. */
  readonly policy: HostPolicy;
  /** Why the machine is too short of something to take a pod now. */
  readonly shortage?: (pod: k8s.Pod) => Misfit | undefined;
  readonly connected?: PodServices['connected'];
  readonly address?: PodServices['address'];
  readonly cgroups?: PodServices['cgroups'];
  /** The runtime's handlers that runtime classes may name. */
  readonly handlers: readonly string[];
  /** Manifests of pods that run without the API; absent: there are none. */
  readonly staticPods?: string;
  /** Credentials for registries of the machine, in docker's config format. */
  readonly credentialsFile: string;
  /** Who may use which; shared by all agents of a machine. Default: of this one, forgotten with it. */
  readonly pulledImages?: PulledImages;
  readonly timing?: Partial<PodTiming>;
  /** Told of each pod and each of its statuses: probes, statistics, …. Must not throw. */
  readonly followers?: readonly PodFollower[];
}

/** Something that acts on the pods of the node beside their workers. */
export interface PodFollower {
  /** The pod as the API has it, with the status that the agent told last. */
  update(pod: k8s.Pod): void;
  /** The pod has ended and is forgotten. */
  forget(uid: string): void;
}

interface Known {
  pod: k8s.Pod;
  status: k8s.PodStatus | undefined;
  /** It has ended and is being forgotten. */
  leaving: boolean;
  /** It was never begun, and is not. */
  refused: boolean;
}

/**
 * Runs the pods that the API binds to this node and tells it what becomes of them: the middle of the kubelet. Pods
 * that ran before it started are taken over; those that are nobody's any more are ended.
 */
export class Agent {
  readonly runner: PodRunner;
  readonly events: PodEvents;
  readonly #options: AgentOptions;
  readonly #pods: Informer<KubeObject>;
  readonly #services: Informer<KubeObject>;
  readonly #node: Informer<KubeObject>;
  readonly #statuses: StatusManager;
  readonly #probes: Probes;
  readonly #known = new Map<string, Known>();
  readonly #static: StaticSource;
  #running = true;

  constructor(options: AgentOptions) {
    this.#options = options;
    const { client, clock, log, node } = options;
    const mine = { fieldSelector: `spec.nodeName=${node}` };
    this.#pods = new Informer({ client, ref: REFS.pods, options: mine, clock, log });
    this.#services = new Informer({ client, ref: REFS.services, clock, log });
    const itself = { fieldSelector: `metadata.name=${node}` };
    this.#node = new Informer({ client, ref: REFS.nodes, options: itself, clock, log });
    this.#statuses = new StatusManager({ client, clock, log });
    this.events = new PodEvents({ client, clock, log, node });
    this.runner = new PodRunner(this.#podServices(), {
      status: (uid, report) => this.#take(uid, report),
      event: (uid, event) => this.#tellEvent(uid, event),
    });
    this.#static = new StaticSource({
      ...{ client, clock, log, node, folder: options.policy.staticPods ? options.staticPods : undefined },
      nodeUid: () => this.#node.get('', node)?.metadata.uid,
      tell: (mirror, status) => this.#statuses.set(mirror, status),
      gone: (uid) => this.#statuses.forget(uid),
      set: (pod) => this.#set(pod),
      remove: (pod) => this.#remove(pod),
      event: (event) => this.events.ofNode(event),
    });
    const { runtime, address = (_, host) => host } = options;
    this.#probes = new Probes({
      ...{ runtime, clock, logger: log, address },
      report: (uid, containerId, results) => this.runner.setProbe(uid, containerId, results),
      tell: (uid, event) => this.#tellEvent(uid, event),
    });
  }

  /** Resolves when the pods of the API are known and being run, and left-over ones are being ended. */
  async start(): Promise<void> {
    this.#services.start();
    this.#node.start();
    await Promise.all([this.#services.synced(), this.#node.synced()]);
    this.#pods.onChange(({ type, object }) => {
      const pod = object as k8s.Pod;
      if (this.#static.takes(pod, type === 'deleted')) return;
      if (type === 'deleted') this.#remove(pod);
      else this.#set(pod);
    });
    this.#pods.start();
    await Promise.all([this.#pods.synced(), this.#static.start()]);
    this.#static.startMirrors();
    this.runner.endOthers(new Set(this.#known.keys())).catch((error: unknown) => {
      this.#options.log.error('left-over pods could not be ended', { error: messageOf(error) });
    });
  }

  /** Pods of the node as last told, statuses included. */
  pods(): k8s.Pod[] {
    return [...this.#known.values()].map(({ pod, status }) => (status ? { ...pod, status } : pod));
  }

  /** By its uid, or by that of the API's mirror of it. */
  pod(uid: string): k8s.Pod | undefined {
    const known = this.#known.get(this.#static.podOf(uid)?.metadata?.uid ?? uid);
    return known && (known.status ? { ...known.pod, status: known.status } : known.pod);
  }

  /** Has `listener` told of the node's own object as it is and becomes. */
  followNode(listener: (node: k8s.Node) => void): void {
    this.#node.onChange(({ type, object }) => {
      if (type !== 'deleted') listener(object as k8s.Node);
    });
  }

  /** Stops; containers run on. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#pods.stop();
    this.#services.stop();
    this.#node.stop();
    await this.#static.stop();
    this.#probes.close();
    await this.runner.close();
    await this.#statuses.stop();
  }

  #set(pod: k8s.Pod): void {
    const uid = pod.metadata?.uid ?? '';
    const known = this.#known.get(uid);
    if (known) {
      known.pod = pod;
      if (!known.leaving && (!known.refused || pod.metadata?.deletionTimestamp)) this.#run(pod);
      this.#follow(uid);
      return;
    }
    // root's own pods are not judged
    const isJudged = !this.#static.has(uid) && !isOver(pod) && !pod.metadata?.deletionTimestamp;
    const refusal = isJudged ? this.#refusal(pod) : undefined;
    this.#known.set(uid, {
      pod,
      status: undefined,
      leaving: false,
      refused: refusal !== undefined,
    });
    if (refusal?.reason === 'NodeAffinity') void this.#judgeAgain(uid, refusal);
    else if (refusal) this.#refuse(pod, refusal);
    else this.#run(pod, true);
    this.#follow(uid);
  }

  /** A label may have reached the scheduler before it comes here (predicate.go fetches the node, too). Never rejects. */
  async #judgeAgain(uid: string, misfit: Misfit): Promise<void> {
    const { client, log, node: name, policy } = this.#options;
    const node = await client.get<KubeObject>(REFS.nodes, undefined, name).catch((error: unknown) => {
      log.warn('the node could not be read', { error: messageOf(error) });
      return undefined;
    });
    const known = this.#known.get(uid);
    if (!known || !this.#running || known.pod.metadata?.deletionTimestamp) return;
    const others = this.pods().filter(({ metadata }) => metadata?.uid !== uid);
    const again = node ? admitPod({ pod: known.pod, others, node: node as k8s.Node, policy }) : misfit;
    if (again) this.#refuse(known.pod, again);
    else {
      known.refused = false;
      this.#run(known.pod, true);
    }
    this.#follow(uid);
  }

  /**
   * Ephemeral containers that the host policy refuses are left out. A pod that is refused as a whole ends as it is: an
   * API server may change what is said never to change, and the policy may be another one than when it was begun.
   */
  #run(given: k8s.Pod, isNew = false): void {
    const { pod, refused } = constrainPod(given, this.#options.policy);
    for (const [name, message] of refused) {
      const text = `The host policy refuses ephemeral container ${name}: ${message}`;
      this.events.ofPod(given, { type: 'Warning', reason: 'HostPolicy', message: text });
    }
    const { uid = '', deletionTimestamp } = pod.metadata ?? {};
    const exempt = this.#static.has(uid) || deletionTimestamp !== undefined || isOver(pod);
    const refusal = exempt ? undefined : hostPolicyRefusal(pod, this.#options.policy);
    // nothing is started of what is condemned in the same turn
    if (refusal === undefined || isNew) this.runner.set(pod);
    if (refusal === undefined) return;
    const verdict = { reason: 'HostPolicy', message: `The host policy refuses ${refusal}` };
    this.events.ofPod(given, { type: 'Warning', ...verdict });
    this.runner.condemn(uid, verdict);
  }

  /** What was begun already is not judged again, but for the host policy. */
  #refusal(pod: k8s.Pod): Misfit | undefined {
    const { policy, shortage } = this.#options;
    if (pod.status?.startTime) return undefined;
    const node = this.#node.get('', this.#options.node) as k8s.Node | undefined;
    return node && (admitPod({ pod, others: this.pods(), node, policy }) ?? shortage?.(pod));
  }

  #refuse(pod: k8s.Pod, misfit: Misfit): void {
    const uid = pod.metadata?.uid ?? '';
    this.events.ofPod(pod, rejectionEvent(misfit));
    const startTime = `${new Date(this.#options.clock.now()).toISOString().slice(0, 19)}Z`;
    const status: k8s.PodStatus = { ...rejectedStatus(pod, misfit), startTime };
    const known = this.#known.get(uid);
    if (known) known.status = status;
    this.#statuses.set(pod, status);
  }

  /** Deleted without waiting for the node: what is left of it is ended. */
  #remove(pod: k8s.Pod): void {
    const uid = pod.metadata?.uid ?? '';
    const known = this.#known.get(uid);
    if (!known || known.leaving) return;
    known.pod = {
      ...pod,
      metadata: {
        ...pod.metadata,
        deletionTimestamp:
          pod.metadata?.deletionTimestamp ?? new Date(this.#options.clock.now()).toISOString(),
        deletionGracePeriodSeconds: pod.metadata?.deletionGracePeriodSeconds ?? 0,
      },
    };
    this.runner.set(known.pod);
  }

  #take(uid: string, { status, ended }: PodReport): void {
    const known = this.#known.get(uid);
    if (!known || known.leaving || !this.#running) return;
    known.status = status;
    if (this.#static.has(uid)) this.#static.told(known.pod, status);
    else this.#statuses.set(known.pod, status);
    this.#follow(uid);
    if (ended && known.pod.metadata?.deletionTimestamp) {
      known.leaving = true;
      void this.#leave(uid, known);
    }
  }

  /** Forgets a pod that has ended; then the API may forget it as well. */
  async #leave(uid: string, known: Known): Promise<void> {
    const { client, clock, log } = this.#options;
    const { namespace, name = '' } = known.pod.metadata ?? {};
    for (;;) {
      try {
        await this.#statuses.flush(uid);
        await this.runner.forget(uid);
        if (this.#static.has(uid)) break;
        await client.delete(REFS.pods, namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } });
        break;
      } catch (error) {
        if (error instanceof StatusError && (error.code === 404 || error.code === 409)) break;
        if (!this.#running) return;
        log.warn('a pod that ended could not be forgotten', {
          pod: `${namespace}/${name}`,
          error: messageOf(error),
        });
        await new Promise<void>((resolve) => clock.schedule(resolve, 1000));
      }
    }
    this.#known.delete(uid);
    this.#statuses.forget(uid);
    this.#probes.forget(uid);
    for (const follower of this.#options.followers ?? []) follower.forget(uid);
    this.#static.ended(known.pod);
  }

  #follow(uid: string): void {
    const pod = this.pod(uid);
    if (!pod) return;
    // what the API was told by a former agent may be of containers that are gone
    const status = this.#known.get(uid)?.status;
    if (status) this.#probes.update(pod, status);
    for (const follower of this.#options.followers ?? []) follower.update(pod);
  }

  #tellEvent(uid: string, event: NodeEvent): void {
    const known = this.#known.get(uid);
    if (known) this.events.ofPod(known.pod, event);
  }

  #podServices(): PodServices {
    const { client, clock, log, runtime, facts, volumes, timing, credentialsFile } = this.#options;
    const { connected, address, cgroups } = this.#options;
    return {
      runtime,
      images: new ImagePuller(runtime, this.#options.pulledImages),
      node: facts,
      clock,
      logger: log,
      volumes,
      environment: (pod) => podEnvironment(client, this.#services, pod),
      credentials: (pod, container): Promise<RegistryCredentials | undefined> =>
        imageCredentials({ client, log, file: credentialsFile }, pod, container.image ?? ''),
      handler: (pod) => this.#handler(pod),
      ...(connected ? { connected } : {}),
      ...(address ? { address } : {}),
      ...(cgroups ? { cgroups } : {}),
      ...(timing ? { timing } : {}),
    };
  }

  async #handler({ spec }: k8s.Pod): Promise<string | undefined> {
    const { policy, handlers } = this.#options;
    const wanted = spec?.runtimeClassName ? await this.#handlerOf(spec.runtimeClassName) : undefined;
    try {
      const handler = allowedHandler(wanted, policy);
      if (handlers.includes(handler)) return handler;
      throw new Error(
        `no runtime for "${handler}" is configured on this node; it has: ${handlers.join(', ')}`,
      );
    } catch (error) {
      throw new StartError('CreatePodSandboxError', messageOf(error), error);
    }
  }

  async #handlerOf(name: string): Promise<string> {
    try {
      const found = await this.#options.client.get<KubeObject>(RUNTIME_CLASSES, undefined, name);
      return String(found.handler);
    } catch (error) {
      throw new StartError('CreatePodSandboxError', `RuntimeClass "${name}": ${messageOf(error)}`, error);
    }
  }
}

const isOver = ({ status }: k8s.Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

const RUNTIME_CLASSES = {
  group: 'node.k8s.io',
  version: 'v1',
  resource: 'runtimeclasses',
  kind: 'RuntimeClass',
  namespaced: false,
};
