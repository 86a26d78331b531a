import { StatusError } from '@sampan/api';
import { messageOf } from '@sampan/base';
import type { Claim } from '@sampan/machinery';
import { type Informer, REFS } from '@sampan/machinery';
import { ignore } from '../controller.ts';
import { allOf, slowStart } from '../workloads/batch.ts';
import { type Pod, type StatefulSet, WORKLOADS } from '../workloads/objects.ts';
import type { WorkloadShell } from '../workloads/workload-shell.ts';
import { hasOtherController } from './claims.ts';
import type { StatefulSetAction } from './decision.ts';

/** Carries out what was decided for a StatefulSet, and tells of it by events (kubernetes stateful_pod_control.go). */
export class PodWriter {
  readonly #shell: WorkloadShell;
  readonly #claims: Informer<Claim>;

  constructor(shell: WorkloadShell, claims: Informer<Claim>) {
    this.#shell = shell;
    this.#claims = claims;
  }

  /** One after the other when order matters; else claims first, then pods in growing batches. */
  async act(set: StatefulSet, actions: readonly StatefulSetAction[]): Promise<void> {
    const tasks = (wanted: (action: StatefulSetAction) => boolean) =>
      actions.filter(wanted).map((action) => () => this.#do(set, action));
    await slowStart(tasks(({ type }) => type !== 'delete'));
    await allOf(tasks(({ type }) => type === 'delete'));
  }

  async #do(set: StatefulSet, action: StatefulSetAction): Promise<void> {
    const { client, events } = this.#shell;
    if (action.type === 'blocked') {
      const what = `pvc ${action.claim.metadata.name} is being deleted`;
      const note = `create Pod ${action.pod.metadata.name} in StatefulSet ${set.metadata.name} failed error: ${what}`;
      events.record(set, { type: 'Warning', reason: 'FailedCreate', note });
    } else if (action.type === 'updateClaim') {
      await client.update(WORKLOADS.claims, action.claim).catch(ignore('NotFound'));
    } else if (action.type === 'delete') {
      const { namespace, name = '', uid = '' } = action.pod.metadata;
      await this.#told(set, action.pod, 'delete', () =>
        client
          .delete(REFS.pods, namespace, name, { preconditions: { uid } })
          .catch(ignore('NotFound', 'Conflict')),
      );
    } else {
      await this.#makeClaims(set, action.pod, action.claims);
      if (action.type === 'create') {
        await this.#told(set, action.pod, 'create', () => client.create(REFS.pods, action.pod));
      } else if (action.type === 'update') {
        await this.#told(set, action.pod, 'update', () => client.update(REFS.pods, action.pod));
      }
    }
  }

  async #makeClaims(set: StatefulSet, pod: Pod, claims: readonly Claim[]): Promise<void> {
    const { client, events } = this.#shell;
    for (const wanted of claims) {
      const { namespace = '', name = '' } = wanted.metadata;
      const present = this.#claims.get(namespace, name);
      if (present) {
        this.#warnOfOtherController(set, pod, present);
        continue;
      }
      try {
        await client.create(WORKLOADS.claims, wanted);
        const note = `create Claim ${name} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} success`;
        events.record(set, { type: 'Normal', reason: 'SuccessfulCreate', note });
      } catch (error) {
        if (isExisting(error)) continue;
        const note = `create Claim ${name} for Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} failed error: ${messageOf(error)}`;
        events.record(set, { type: 'Warning', reason: 'FailedCreate', note });
        throw error;
      }
    }
  }

  #warnOfOtherController(set: StatefulSet, pod: Pod, present: Claim): void {
    if (!hasOtherController(set, pod, present.metadata.ownerReferences ?? [])) return;
    const note = `PersistentVolumeClaim ${present.metadata.name} has a conflicting OwnerReference that acts as a managing controller, the retention policy is ignored for this claim`;
    this.#shell.events.record(set, { type: 'Warning', reason: 'ConflictingController', note });
  }

  /** Does it and tells how it went. */
  async #told(
    set: StatefulSet,
    pod: Pod,
    verb: 'create' | 'update' | 'delete',
    task: () => Promise<unknown>,
  ): Promise<void> {
    const { events } = this.#shell;
    const what = `${verb} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
    const suffix = `${verb.charAt(0).toUpperCase()}${verb.slice(1)}`;
    try {
      await task();
      events.record(set, { type: 'Normal', reason: `Successful${suffix}`, note: `${what} successful` });
    } catch (error) {
      if (!isExisting(error)) {
        const note = `${what} failed error: ${messageOf(error)}`;
        events.record(set, { type: 'Warning', reason: `Failed${suffix}`, note });
      }
      throw error;
    }
  }
}

const isExisting = (error: unknown): boolean =>
  error instanceof StatusError && error.reason === 'AlreadyExists';
