import { deepEqual } from '@sampan/base';
import { keyOf, REFS, Reconciler, splitKey } from '@sampan/machinery';
import { type Controller, type ControllerContext, recorderOf } from '../controller.ts';
import type { Node, Pod } from '../workloads/objects.ts';
import { isTerminating } from '../workloads/pod-state.ts';
import type { SharedInformers } from '../workloads/shared-informers.ts';
import { again } from '../workloads/workload-shell.ts';
import { disruptPod } from './disrupt-pod.ts';
import { noExecuteTaints, stayMs } from './eviction.ts';

const NAME = 'taint-eviction-controller';

/** Deletes pods from nodes whose NoExecute taints they do not tolerate, or no longer (KEP-3902). */
export function startTaintEviction(context: ControllerContext, informers: SharedInformers): Controller {
  const { clock, log } = context;
  const client = context.client(NAME);
  const events = recorderOf(context, client, NAME);
  const nodes = informers.of<Node>(REFS.nodes);
  const pods = informers.of<Pod>(REFS.pods);
  /** When pods that have to leave later were first found so, by uid. */
  const waiting = new Map<string, number>();

  const isOnTainted = ({ spec }: Pod): boolean =>
    spec.nodeName !== undefined && noExecuteTaints(nodes.get('', spec.nodeName)?.spec.taints).length > 0;
  const stay = (pod: Pod, uid: string): undefined => {
    if (!waiting.delete(uid)) return undefined;
    const note = `Cancelling deletion of Pod ${keyOf(pod)}`;
    events.record(pod, { type: 'Normal', reason: 'TaintManagerEviction', note });
    return undefined;
  };
  const reconcile = async (key: string) => {
    const { namespace, name } = splitKey(key);
    const pod = pods.get(namespace, name);
    if (!pod || isTerminating(pod)) return undefined;
    const { uid = '' } = pod.metadata;
    const taints = noExecuteTaints(nodes.get('', pod.spec.nodeName ?? '')?.spec.taints);
    const allowed = stayMs(taints, pod.spec.tolerations ?? []);
    if (allowed === Number.POSITIVE_INFINITY) return stay(pod, uid);
    const now = clock.now();
    const remaining = waiting.getOrInsert(uid, now) + allowed - now;
    if (remaining > 0) return again(remaining);
    waiting.delete(uid);
    const note = `Marking for deletion Pod ${key}`;
    events.record(pod, { type: 'Normal', reason: 'TaintManagerEviction', note });
    const message = 'Taint manager: deleting due to NoExecute taint';
    await disruptPod(client, pod, { reason: 'DeletionByTaintManager', message, force: false }, now);
    return undefined;
  };
  const reconciler = new Reconciler({ name: NAME, clock, log, reconcile });
  pods.onChange(({ type, object, previous }) => {
    if (type === 'deleted') waiting.delete(object.metadata.uid ?? '');
    else if (waiting.has(object.metadata.uid ?? '') || isOnTainted(object)) {
      const same = object.spec.nodeName === previous?.spec.nodeName;
      if (!same || !deepEqual(object.spec.tolerations, previous?.spec.tolerations))
        reconciler.enqueue(keyOf(object));
    }
  });
  nodes.onChange(({ object, previous }) => {
    const before = noExecuteTaints(previous?.spec.taints);
    if (deepEqual(before, noExecuteTaints(object.spec.taints))) return;
    for (const pod of pods.byIndex('node', object.metadata.name ?? '')) reconciler.enqueue(keyOf(pod));
  });
  return {
    synced: informers.synced().then(() => reconciler.start()),
    async stop() {
      await reconciler.stop();
      events.stop();
    },
  };
}
