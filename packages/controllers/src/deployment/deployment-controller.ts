import { StatusError } from '@sampan/api';
import { messageOf } from '@sampan/base';
import { type Informer, keyOf, REFS, splitKey } from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore, isTerminating } from '../controller.ts';
import { claim, controllerOf, matcherOf } from '../workloads/claim.ts';
import { followDependents } from '../workloads/follow-dependents.ts';
import { type Deployment, type Pod, type ReplicaSet, WORKLOADS } from '../workloads/objects.ts';
import { candidatesOf, type SharedInformers } from '../workloads/shared-informers.ts';
import {
  again,
  runWorkload,
  uidOf,
  type WorkloadShell,
  workloadShell,
  writeStatus,
} from '../workloads/workload-shell.ts';
import { newCondition, withCondition } from './conditions.ts';
import { type DeploymentDecision, decideDeployment, isToldAlready } from './decision.ts';
import { isRolling, progressDeadline, replicasOf, sameTemplate } from './replica-sets.ts';
import { decideRollback } from './rollback.ts';
import type { SetAction } from './rollout.ts';

const NAME = 'deployment-controller';

/** Rolls Deployments out by their ReplicaSets (kubernetes pkg/controller/deployment). */
export function startDeployments(context: ControllerContext, informers: SharedInformers): Controller {
  const shell = workloadShell(context, informers, NAME);
  const deployments = informers.of<Deployment>(WORKLOADS.deployments);
  const sets = informers.of<ReplicaSet>(WORKLOADS.replicaSets);
  const pods = informers.of<Pod>(REFS.pods);
  const controller = new DeploymentController(shell, deployments, sets, pods);
  return runWorkload(
    shell,
    NAME,
    (key) => controller.reconcile(key),
    (reconciler) => {
      deployments.onChange(({ object }) => reconciler.enqueue(keyOf(object)));
      followDependents({
        owners: deployments,
        ownerRef: WORKLOADS.deployments,
        dependents: sets,
        matches: ({ spec }, set) => matcherOf(spec.selector).matches(set.metadata.labels),
        onChange: (deployment) => reconciler.enqueue(keyOf(deployment)),
      });
      pods.onChange(({ type, object }) => {
        // whoever waits for the last old pod to end hears of it from nobody else
        const waiting = type === 'deleted' ? controller.recreatingOwner(object) : undefined;
        if (waiting) reconciler.enqueue(keyOf(waiting));
      });
    },
  );
}

class DeploymentController {
  readonly #shell: WorkloadShell;
  readonly #deployments: Informer<Deployment>;
  readonly #sets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;

  constructor(
    shell: WorkloadShell,
    deployments: Informer<Deployment>,
    sets: Informer<ReplicaSet>,
    pods: Informer<Pod>,
  ) {
    this.#shell = shell;
    this.#deployments = deployments;
    this.#sets = sets;
    this.#pods = pods;
  }

  recreatingOwner(pod: Pod): Deployment | undefined {
    const { namespace = '' } = pod.metadata;
    const set = this.#sets.get(namespace, controllerOf(pod)?.name ?? '');
    const reference = set && controllerOf(set);
    const deployment = this.#deployments.get(namespace, reference?.name ?? '');
    if (!deployment || deployment.metadata.uid !== reference?.uid || isRolling(deployment)) return undefined;
    return deployment;
  }

  async reconcile(key: string): Promise<{ afterMs: number } | undefined> {
    const { namespace, name } = splitKey(key);
    const deployment = this.#deployments.get(namespace, name);
    if (!deployment) return undefined;
    const { client, context } = this.#shell;
    const matcher = matcherOf(deployment.spec.selector);
    const sets = await claim(
      { client, ownerRef: WORKLOADS.deployments, ref: WORKLOADS.replicaSets },
      deployment,
      candidatesOf(this.#sets, deployment),
      (set) => matcher.matches(set.metadata.labels),
    );
    if (await this.#rollBack(deployment, sets)) return undefined;
    const decision = decideDeployment({
      deployment,
      sets,
      podsOf: (set) => this.#pods.byIndex('owner', uidOf(set)),
      now: context.clock.now(),
    });
    for (const action of decision.actions) await this.#act(deployment, action);
    if (!isToldAlready(deployment, decision)) await this.#writeStatus(deployment, decision);
    return again(decision.afterMs);
  }

  async #rollBack(deployment: Deployment, sets: readonly ReplicaSet[]): Promise<boolean> {
    const { spec, metadata } = deployment;
    if (spec.paused || metadata.deletionTimestamp !== undefined) return false;
    const rollback = decideRollback(deployment, sets);
    if (!rollback) return false;
    this.#shell.events.record(deployment, rollback.event);
    await this.#shell.client.update(WORKLOADS.deployments, rollback.deployment);
    return true;
  }

  async #act(deployment: Deployment, action: SetAction): Promise<void> {
    const { client } = this.#shell;
    const { set } = action;
    if (action.type === 'delete') {
      const { namespace, name = '' } = set.metadata;
      await client.delete(WORKLOADS.replicaSets, namespace, name).catch(ignore('NotFound'));
    } else if (action.type === 'create') await this.#create(deployment, set);
    else {
      await client.update(WORKLOADS.replicaSets, set);
      const { scaled } = action;
      if (scaled) this.#tellScaled(deployment, set, scaled.up ? 'up' : 'down', scaled.from, scaled.to);
    }
  }

  async #create(deployment: Deployment, set: ReplicaSet): Promise<void> {
    try {
      await this.#shell.client.create(WORKLOADS.replicaSets, set);
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'AlreadyExists') {
        if (await this.#isOurs(deployment, set)) return;
        await this.#countCollision(deployment);
      } else if (!isTerminating(error)) await this.#tellRefused(deployment, set, error);
      throw error;
    }
    if (replicasOf(set) > 0) this.#tellScaled(deployment, set, 'up', 0, replicasOf(set));
  }

  /** Made before, and only not seen yet. */
  async #isOurs(deployment: Deployment, set: ReplicaSet): Promise<boolean> {
    const { namespace, name = '' } = set.metadata;
    const present = await this.#shell.client.get<ReplicaSet>(WORKLOADS.replicaSets, namespace, name);
    const owned = controllerOf(present)?.uid === deployment.metadata.uid;
    return owned && sameTemplate(present.spec.template, deployment.spec.template);
  }

  /** The next try takes another name. */
  async #countCollision(deployment: Deployment): Promise<void> {
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    const status = { ...deployment.status, collisionCount };
    await writeStatus(this.#shell.client, WORKLOADS.deployments, { ...deployment, status });
  }

  async #tellRefused(deployment: Deployment, set: ReplicaSet, error: unknown): Promise<void> {
    const { client, events, context } = this.#shell;
    const reason = 'ReplicaSetCreateError';
    const message = `Failed to create new replica set "${set.metadata.name}": ${messageOf(error)}`;
    events.record(deployment, { type: 'Warning', reason, note: message });
    if (progressDeadline(deployment) === undefined) return;
    const before = deployment.status?.conditions ?? [];
    const now = context.clock.now();
    const conditions = withCondition(before, newCondition('Progressing', 'False', reason, message, now));
    if (conditions === before) return;
    const status = { ...deployment.status, conditions: [...conditions] };
    await writeStatus(client, WORKLOADS.deployments, { ...deployment, status });
  }

  #tellScaled(deployment: Deployment, set: ReplicaSet, way: 'up' | 'down', from: number, to: number): void {
    const note = `Scaled ${way} replica set ${set.metadata.name} from ${from} to ${to}`;
    this.#shell.events.record(deployment, { type: 'Normal', reason: 'ScalingReplicaSet', note });
  }

  async #writeStatus(deployment: Deployment, { annotations, status }: DeploymentDecision): Promise<void> {
    const metadata = { ...deployment.metadata, annotations: { ...annotations } };
    await writeStatus(this.#shell.client, WORKLOADS.deployments, { ...deployment, metadata, status });
  }
}
