import { StatusError } from '@sampan/api';
import { messageOf } from '@sampan/base';
import { keyOf, REFS, Reconciler, type ResourceRef, splitKey } from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore, recorderOf } from '../controller.ts';
import { OwnWrites } from '../pods/own-writes.ts';
import { SelectedPods } from '../pods/selected-pods.ts';
import { matcherOf } from '../workloads/claim.ts';
import type { Pod, Workload } from '../workloads/objects.ts';
import { isReady, isTerminating } from '../workloads/pod-state.ts';
import type { SharedInformers } from '../workloads/shared-informers.ts';
import { again } from '../workloads/workload-shell.ts';
import {
  type Budget,
  controllersOf,
  decideBudget,
  type Expected,
  expectedOf,
  failedBudget,
  needsScale,
} from './budget.ts';
import { KNOWN, Scales } from './scales.ts';
import { announcedDisruption, staleTarget } from './stale-target.ts';

const NAME = 'disruption-controller';
const BUDGETS: ResourceRef = {
  group: 'policy',
  version: 'v1',
  resource: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
};

/** Keeps the status of PodDisruptionBudgets, by which evictions are allowed (upstream's disruption controller). */
export function startDisruption(context: ControllerContext, informers: SharedInformers): Controller {
  const { clock, log } = context;
  const client = context.client(NAME);
  const events = recorderOf(context, client, NAME);
  const budgets = informers.of<Budget>(BUDGETS);
  const own = new OwnWrites(budgets);
  const pods = informers.of<Pod>(REFS.pods);
  const scales = new Scales(client, informers);
  const selected = new SelectedPods<Budget>({
    owners: budgets,
    pods,
    matcherOf: ({ spec }) => matcherOf(spec.selector),
    traitsOf: (pod) => JSON.stringify([isReady(pod), isTerminating(pod), pod.metadata.ownerReferences]),
  });

  const expect = async (budget: Budget, members: readonly Pod[]): Promise<Expected> => {
    if (!needsScale(budget)) return expectedOf(budget, members.length, 0);
    const { controllers, unmanaged } = controllersOf(members);
    if (unmanaged.length > 0) events.record(budget, unmanagedEvent(budget));
    const wanted = new Map<string, number>();
    for (const { reference, pod } of controllers.values()) {
      const scale = await scales.of(budget.metadata.namespace ?? '', reference);
      if (!scale) throw new Error(`found no controllers for pod ${JSON.stringify(pod.metadata.name)}`);
      wanted.set(scale.uid, scale.replicas);
    }
    return expectedOf(
      budget,
      members.length,
      wanted.values().reduce((sum, count) => sum + count, 0),
    );
  };

  const write = async (budget: Budget, status: NonNullable<Budget['status']>): Promise<void> => {
    if (status === budget.status) return;
    const written = await client
      .update<Budget>(BUDGETS, { ...budget, status }, { subresource: 'status' })
      .catch((error: unknown) => {
        own.forget(budget);
        return ignore('NotFound')(error);
      });
    if (written) own.wrote(written);
  };

  const reconcile = async (key: string) => {
    const { namespace, name } = splitKey(key);
    const shown = budgets.get(namespace, name);
    if (!shown) return undefined;
    const budget = own.newest(shown);
    const members = [...selected.of(key)];
    if (members.length === 0)
      events.record(budget, { type: 'Normal', reason: 'NoPods', note: 'No matching pods found' });
    try {
      const decision = decideBudget(budget, members, await expect(budget, members), clock.now());
      for (const pod of decision.overdue) {
        const note = `Pod was expected by PDB ${namespace}/${name} to be deleted but it wasn't`;
        events.record(pod, { type: 'Warning', reason: 'NotDeleted', note });
      }
      await write(budget, decision.status);
      return again(decision.afterMs);
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'Conflict') throw error;
      const note = `Failed to calculate the number of expected pods: ${messageOf(error)}`;
      events.record(budget, { type: 'Warning', reason: 'CalculateExpectedPodCountFailed', note });
      await write(budget, failedBudget(budget, messageOf(error), clock.now()));
      return undefined;
    }
  };

  const clearStale = async (key: string) => {
    const { namespace, name } = splitKey(key);
    const pod = pods.get(namespace, name);
    const stale = pod && staleTarget(pod, clock.now());
    if (!stale) return undefined;
    if ('afterMs' in stale) return again(stale.afterMs);
    const status = { ...pod.status, conditions: stale.conditions };
    await client.update(REFS.pods, { ...pod, status }, { subresource: 'status' }).catch(ignore('NotFound'));
    return undefined;
  };

  const ofBudgets = new Reconciler({ name: NAME, clock, log, reconcile });
  const ofPods = new Reconciler({ name: `${NAME}-pods`, clock, log, reconcile: clearStale });
  selected.onChange((key) => ofBudgets.enqueue(key));
  pods.onChange(({ object }) => {
    if (announcedDisruption(object)) ofPods.enqueue(keyOf(object));
  });
  for (const ref of KNOWN) {
    informers.of<Workload>(ref).onChange(({ object, previous }) => {
      if (object.spec.replicas === previous?.spec.replicas) return;
      const labels = object.spec.template?.metadata?.labels;
      for (const budget of budgets.byIndex('namespace', object.metadata.namespace ?? ''))
        if (matcherOf(budget.spec.selector).matches(labels)) ofBudgets.enqueue(keyOf(budget));
    });
  }
  return {
    synced: informers.synced().then(() => {
      ofBudgets.start();
      ofPods.start();
    }),
    async stop() {
      await Promise.all([ofBudgets.stop(), ofPods.stop()]);
      events.stop();
    },
  };
}

function unmanagedEvent(budget: Budget) {
  const selector = matcherOf(budget.spec.selector).toString();
  const note =
    `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the ` +
    'status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these ' +
    'pods please set ".spec.minAvailable" field of the PDB to an integer value.';
  return { type: 'Warning', reason: 'UnmanagedPods', note } as const;
}
