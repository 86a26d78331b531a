import { type KubeObject, StatusError } from '@sampan/api';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import type { Client, EventRecorder } from '@sampan/machinery';
import type { BindDecision, Decision, FailDecision } from './decision.ts';
import { podScheduledPatch, sayUnschedulable } from './pod-status.ts';
import { RESOURCES } from './refs.ts';
import type { SchedulerCore } from './scheduler-core.ts';
import type { Pod } from './types.ts';
import type { VolumeBinder } from './volume-binder.ts';

export interface CarryOutOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly core: SchedulerCore;
  readonly recorder: EventRecorder;
  readonly volumes: VolumeBinder;
  readonly schedulerName: string;
}

/** Does what the core decided, and tells it how that went. Never throws. */
export class CarryOut {
  readonly #options: CarryOutOptions;

  constructor(options: CarryOutOptions) {
    this.#options = options;
  }

  /** `isSlow`: waits for others to make volumes, maybe for minutes. */
  carryOut(decision: Decision): { readonly isSlow: boolean; readonly done: Promise<void> } {
    if (decision.kind === 'fail') return { isSlow: false, done: this.#fail(decision) };
    const { bind = [], provision = [] } = decision.volumes ?? {};
    return { isSlow: bind.length + provision.length > 0, done: this.#bind(decision) };
  }

  async #bind(decision: BindDecision): Promise<void> {
    const { core, client, recorder, volumes } = this.#options;
    const { pod, node } = decision;
    const { name = '', namespace = '', uid } = pod.metadata;
    try {
      if (decision.volumes) await volumes.prepare(decision.volumes, node, () => core.isCurrent(decision));
      // the node or the pod went in the meantime
      if (!core.isCurrent(decision)) {
        core.unbound(pod);
        return;
      }
      await client.create(
        RESOURCES.pods,
        {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name, namespace, ...(uid ? { uid } : {}) },
          target: { kind: 'Node', name: node },
        },
        { subresource: 'binding', name },
      );
    } catch (error) {
      core.unbound(pod);
      if (!isGone(error)) await this.#sayFailed(pod, error);
      return;
    }
    recorder.record(asPod(pod), {
      type: 'Normal',
      reason: 'Scheduled',
      action: 'Binding',
      note: `Successfully assigned ${namespace}/${name} to ${node}`,
    });
  }

  /** Something went wrong that is not the pod's fault; it is tried again. */
  async #sayFailed(pod: Pod, error: unknown): Promise<void> {
    const { clock, log } = this.#options;
    const message = `binding rejected: ${messageOf(error)}`;
    // somebody else was faster, or the pod is another one by now: what is there will show
    const isRace = error instanceof StatusError && error.reason === 'Conflict';
    if (isRace) {
      log.debug('a pod was not bound', { pod: keyOf(pod), error: messageOf(error) });
      return;
    }
    log.warn('a pod could not be bound', { pod: keyOf(pod), error: messageOf(error) });
    this.#warn(pod, message);
    await this.#patch(pod, podScheduledPatch(pod, 'SchedulerError', message, clock.now()));
  }

  async #fail(decision: FailDecision): Promise<void> {
    const { pod, message, nominatedNode, victims, displaced } = decision;
    const { clock, core, log } = this.#options;
    if (decision.error !== undefined)
      log.error('a pod could not be judged', { pod: keyOf(pod), error: stackOf(decision.error) });
    this.#warn(pod, message);
    const patch = sayUnschedulable(pod, message, nominatedNode, clock.now());
    const writes = [
      ...(patch ? [this.#patch(pod, patch)] : []),
      ...displaced.map((other) => this.#patch(other, { status: { nominatedNodeName: null } })),
    ];
    const told = await Promise.all(victims.map((victim) => this.#evict(victim, decision)));
    await Promise.all(writes);
    if (!told.every(Boolean)) core.notPreempted(decision);
  }

  #warn(pod: Pod, note: string): void {
    this.#options.recorder.record(asPod(pod), {
      type: 'Warning',
      reason: 'FailedScheduling',
      action: 'Scheduling',
      note,
    });
  }

  /** Makes a pod leave for a more important one; false: it could not be told. */
  async #evict(victim: Pod, { pod, nominatedNode }: FailDecision): Promise<boolean> {
    const { client, clock, log, recorder, schedulerName } = this.#options;
    const { name = '', namespace = '', uid } = victim.metadata;
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${schedulerName}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: new Date(clock.now()).toISOString().replace(/\.\d+/, ''),
    };
    try {
      await client.patch(
        RESOURCES.pods,
        namespace,
        name,
        'strategic',
        { metadata: uid ? { uid } : {}, status: { conditions: [condition] } },
        { subresource: 'status' },
      );
      await client.delete(RESOURCES.pods, namespace, name, uid ? { preconditions: { uid } } : {});
    } catch (error) {
      if (isGone(error)) return true;
      log.warn('a pod could not be preempted', { pod: keyOf(victim), error: messageOf(error) });
      return false;
    }
    recorder.record(asPod(victim), {
      type: 'Normal',
      reason: 'Preempted',
      action: 'Preempting',
      note: `Preempted by pod ${pod.metadata.uid ?? keyOf(pod)} on node ${nominatedNode}`,
    });
    return true;
  }

  async #patch(pod: Pod, patch: { readonly status: object }): Promise<void> {
    const { client, log } = this.#options;
    const { name = '', namespace = '', uid } = pod.metadata;
    try {
      const whole = { metadata: uid ? { uid } : {}, ...patch };
      await client.patch(RESOURCES.pods, namespace, name, 'strategic', whole, { subresource: 'status' });
    } catch (error) {
      const isRace = error instanceof StatusError && error.reason === 'Conflict';
      if (!isGone(error) && !isRace)
        log.warn("a pod's status could not be written", { pod: keyOf(pod), error: messageOf(error) });
    }
  }
}

/** Objects of lists do not say what they are. */
const asPod = (pod: Pod): Pod => ({ ...pod, apiVersion: 'v1', kind: 'Pod' });

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? '') : String(error));

const isGone = (error: unknown): boolean => error instanceof StatusError && error.code === 404;
