import { parseApiVersion, parseLabelSelector } from '@sampan/api';
import { deepEqual, messageOf } from '@sampan/base';
import {
  type Client,
  type EventRecorder,
  type Informer,
  keyOf,
  REFS,
  Reconciler,
  type ResourceRef,
  splitKey,
} from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore, recorderOf } from '../controller.ts';
import { formatTime } from '../time.ts';
import type { Pod } from '../workloads/objects.ts';
import type { SharedInformers } from '../workloads/shared-informers.ts';
import { apiMetrics } from './api-metrics.ts';
import { type Conditions, setCondition } from './conditions.ts';
import { decideScale, needsMetrics, type ScaleDecision } from './decision.ts';
import { type History, NO_HISTORY } from './limits.ts';
import type { MetricsSource } from './metrics.ts';
import { AUTOSCALERS, type Autoscaler, type Scale } from './objects.ts';
import { MetricError, type MetricProposal, propose } from './propose.ts';

const NAME = 'horizontal-pod-autoscaler';
/** --horizontal-pod-autoscaler-sync-period: metrics do not tell when they change. */
const PERIOD_MS = 15_000;

/** Scales workloads by what their pods use (Kubernetes docs "Horizontal Pod Autoscaling"; upstream's podautoscaler). */
export function startAutoscalers(context: ControllerContext, informers: SharedInformers): Controller {
  const { clock, log } = context;
  const client = context.client(NAME);
  const events = recorderOf(context, client, NAME);
  const scalers = informers.of<Autoscaler>(AUTOSCALERS);
  const pods = informers.of<Pod>(REFS.pods);
  const controller = new AutoscalerController({
    context,
    client,
    events,
    scalers,
    pods,
    source: apiMetrics(client),
  });
  const reconciler = new Reconciler({
    name: NAME,
    clock,
    log,
    reconcile: (key) => controller.reconcile(key),
  });
  scalers.onChange(({ type, object, previous }) => {
    if (type === 'deleted') controller.forget(object);
    // its own status is no reason to look again before time
    if (type !== 'modified' || !deepEqual(object.spec, previous?.spec)) reconciler.enqueue(keyOf(object));
  });
  return {
    synced: informers.synced().then(() => reconciler.start()),
    async stop() {
      await reconciler.stop();
      events.stop();
    },
  };
}

interface Parts {
  readonly context: ControllerContext;
  readonly client: Client;
  readonly events: EventRecorder;
  readonly scalers: Informer<Autoscaler>;
  readonly pods: Informer<Pod>;
  readonly source: MetricsSource;
}

interface Target {
  readonly ref: ResourceRef;
  readonly scale: Scale;
}

class AutoscalerController {
  readonly #parts: Parts;
  readonly #histories = new Map<string, History>();
  readonly #resources = new Map<string, ResourceRef>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  forget({ metadata }: Autoscaler): void {
    this.#histories.delete(metadata.uid ?? '');
  }

  async reconcile(key: string): Promise<{ afterMs: number } | undefined> {
    const { namespace, name } = splitKey(key);
    const scaler = this.#parts.scalers.get(namespace, name);
    if (!scaler) return undefined;
    await this.#scale(scaler).catch(ignore('Conflict', 'NotFound'));
    return { afterMs: PERIOD_MS };
  }

  async #scale(scaler: Autoscaler): Promise<void> {
    const { context, events } = this.#parts;
    const now = context.clock.now();
    const before = scaler.status?.conditions ?? [];
    let target: Target;
    try {
      target = await this.#targetOf(scaler);
    } catch (error) {
      const message = `the HPA controller was unable to get the target's current scale: ${messageOf(error)}`;
      events.record(scaler, { type: 'Warning', reason: 'FailedGetScale', note: messageOf(error) });
      const told = { reason: 'FailedGetScale', message };
      return this.#write(scaler, {}, setCondition(before, 'AbleToScale', false, told, now));
    }
    const current = target.scale.spec?.replicas ?? 0;
    const message = "the HPA controller was able to get the target's current scale";
    const able = setCondition(before, 'AbleToScale', true, { reason: 'SucceededGetScale', message }, now);
    const history = this.#historyOf(scaler, current, now);
    const proposals = needsMetrics(scaler, current) ? await this.#propose(scaler, target, current, now) : [];
    const decision = decideScale(scaler, current, proposals, history, able, now);
    if (decision.failure) {
      const { reason, message: note } = decision.failure;
      events.record(scaler, { type: 'Warning', reason, note });
    }
    await this.#carryOut(scaler, target, current, decision);
  }

  async #targetOf({ metadata, spec }: Autoscaler): Promise<Target> {
    const { kind, apiVersion = 'v1', name } = spec.scaleTargetRef;
    const ref = await this.#resourceOf(kind, parseApiVersion(apiVersion).group);
    return { ref, scale: await this.#parts.client.get<Scale>(ref, metadata.namespace, name, 'scale') };
  }

  /** What was discovered once stays where it is. */
  async #resourceOf(kind: string, group: string): Promise<ResourceRef> {
    const key = `${group}/${kind}`;
    const known = this.#resources.get(key);
    if (known) return known;
    const resources = await this.#parts.client.resources();
    const found = resources.find((resource) => resource.kind === kind && resource.group === group);
    if (!found)
      throw new Error(`no matches for kind ${JSON.stringify(kind)} in group ${JSON.stringify(group)}`);
    this.#resources.set(key, found);
    return found;
  }

  /** What is there when an autoscaler is first seen was a recommendation too. */
  #historyOf({ metadata }: Autoscaler, current: number, now: number): History {
    return this.#histories.getOrInsertComputed(metadata.uid ?? '', () => ({
      ...NO_HISTORY,
      recommendations: [{ replicas: current, at: now }],
    }));
  }

  async #propose(
    scaler: Autoscaler,
    { scale }: Target,
    current: number,
    now: number,
  ): Promise<(MetricProposal | MetricError)[]> {
    const { selector = '' } = scale.status ?? {};
    if (selector === '')
      return [new MetricError('InvalidSelector', "the HPA target's scale is missing a selector")];
    const matcher = parseLabelSelector(selector);
    const pods = this.#parts.pods
      .byIndex('namespace', scaler.metadata.namespace ?? '')
      .filter(({ metadata }) => matcher.matches(metadata.labels));
    const { source } = this.#parts;
    const input = { scaler, current, selector, pods, source, now };
    return Promise.all(
      (scaler.spec.metrics ?? []).map((metric) =>
        propose(input, metric).catch((error: unknown) => {
          if (error instanceof MetricError) return error;
          throw error;
        }),
      ),
    );
  }

  async #carryOut(
    scaler: Autoscaler,
    { ref, scale }: Target,
    current: number,
    { replicas, reason, conditions, metrics, history }: ScaleDecision,
  ): Promise<void> {
    const { client, events, context } = this.#parts;
    const now = context.clock.now();
    const status = { currentReplicas: current, currentMetrics: [...metrics] };
    if (replicas === current) {
      this.#histories.set(scaler.metadata.uid ?? '', history);
      return this.#write(scaler, { ...status, desiredReplicas: current }, conditions);
    }
    try {
      await client.update(ref, { ...scale, spec: { ...scale.spec, replicas } }, { subresource: 'scale' });
    } catch (error) {
      const note = `New size: ${replicas}; reason: ${reason}; error: ${messageOf(error)}`;
      events.record(scaler, { type: 'Warning', reason: 'FailedRescale', note });
      const message = `the HPA controller was unable to update the target scale: ${messageOf(error)}`;
      const told = { reason: 'FailedUpdateScale', message };
      const failed = setCondition(conditions, 'AbleToScale', false, told, now);
      return this.#write(scaler, { ...status, desiredReplicas: current }, failed);
    }
    this.#histories.set(scaler.metadata.uid ?? '', history);
    const note = `New size: ${replicas}; reason: ${reason}`;
    events.record(scaler, { type: 'Normal', reason: 'SuccessfulRescale', note });
    const message = `the HPA controller was able to update the target scale to ${replicas}`;
    const able = setCondition(conditions, 'AbleToScale', true, { reason: 'SucceededRescale', message }, now);
    const lastScaleTime = formatTime(now);
    await this.#write(scaler, { ...status, desiredReplicas: replicas, lastScaleTime }, able);
  }

  async #write(
    scaler: Autoscaler,
    told: NonNullable<Autoscaler['status']>,
    conditions: Conditions,
  ): Promise<void> {
    const status = {
      desiredReplicas: 0,
      ...scaler.status,
      ...told,
      observedGeneration: scaler.metadata.generation ?? 0,
      conditions: [...conditions],
    };
    if (deepEqual(withoutEmpty(status), withoutEmpty(scaler.status ?? {}))) return;
    await this.#parts.client.update(AUTOSCALERS, { ...scaler, status }, { subresource: 'status' });
  }
}

const withoutEmpty = ({ currentMetrics, ...status }: NonNullable<Autoscaler['status']>) =>
  currentMetrics && currentMetrics.length > 0 ? { ...status, currentMetrics } : status;
