import { StatusError } from '@sampan/api';
import { keyOf, REFS, Reconciler, splitKey } from '@sampan/machinery';
import type { Controller, ControllerContext } from '../controller.ts';
import { disruptPod } from '../nodes/disrupt-pod.ts';
import type { Node, Pod } from '../workloads/objects.ts';
import { isTerminal } from '../workloads/pod-state.ts';
import type { SharedInformers } from '../workloads/shared-informers.ts';
import { isStrandedOutOfService, isStrandedUnscheduled, surplusEnded } from './garbage.ts';

const NAME = 'pod-garbage-collector';
/** A node that is missing may be about to come back under its name. */
const QUARANTINE_MS = 40_000;
/** --terminated-pod-gc-threshold */
const MOST_ENDED = 12_500;
const ENDED = 'ended pods';

/** Deletes pods that nobody else would: of nodes that are gone, never scheduled, or too many ended ones. */
export function startPodGarbageCollector(context: ControllerContext, informers: SharedInformers): Controller {
  const { clock, log } = context;
  const client = context.client(NAME);
  const nodes = informers.of<Node>(REFS.nodes);
  const pods = informers.of<Pod>(REFS.pods);
  let ended = 0;

  const collect = (pod: Pod, message?: string) => {
    const why = message === undefined ? {} : { reason: 'DeletionByPodGC', message };
    return disruptPod(client, pod, { ...why, force: true }, clock.now());
  };
  const isGone = async (name: string): Promise<boolean> => {
    if (nodes.get('', name)) return false;
    try {
      await client.get(REFS.nodes, undefined, name);
      return false;
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return true;
      throw error;
    }
  };
  const reconcileNode = async (name: string) => {
    if (!(await isGone(name))) return undefined;
    for (const pod of pods.byIndex('node', name)) await collect(pod, 'PodGC: node no longer exists');
    return undefined;
  };
  const reconcilePod = async (key: string) => {
    if (key === ENDED) {
      for (const pod of surplusEnded(pods.list(), MOST_ENDED)) await collect(pod);
      return undefined;
    }
    const { namespace, name } = splitKey(key);
    const pod = pods.get(namespace, name);
    if (!pod) return undefined;
    if (isStrandedUnscheduled(pod) || isStrandedOutOfService(pod, nodes.get('', pod.spec.nodeName ?? '')))
      await collect(pod);
    return undefined;
  };
  const ofNodes = new Reconciler({ name: NAME, clock, log, reconcile: reconcileNode });
  const ofPods = new Reconciler({ name: `${NAME}-pods`, clock, log, reconcile: reconcilePod });

  pods.onChange(({ type, object, previous }) => {
    const was = previous !== undefined && isTerminal(previous);
    const is = type !== 'deleted' && isTerminal(object);
    ended += Number(is) - Number(was);
    if (is && !was && ended > MOST_ENDED) ofPods.enqueue(ENDED);
    if (type === 'deleted') return;
    const { nodeName } = object.spec;
    const node = nodeName ? nodes.get('', nodeName) : undefined;
    if (isStrandedUnscheduled(object) || isStrandedOutOfService(object, node)) ofPods.enqueue(keyOf(object));
    if (nodeName && !node && previous?.spec.nodeName !== nodeName)
      ofNodes.enqueueAfter(nodeName, QUARANTINE_MS);
  });
  nodes.onChange(({ type, object }) => {
    const { name = '' } = object.metadata;
    if (type === 'deleted') {
      ofNodes.enqueueAfter(name, QUARANTINE_MS);
      return;
    }
    for (const pod of pods.byIndex('node', name))
      if (isStrandedOutOfService(pod, object)) ofPods.enqueue(keyOf(pod));
  });
  return {
    synced: informers.synced().then(() => {
      ofNodes.start();
      ofPods.start();
    }),
    async stop() {
      await Promise.all([ofNodes.stop(), ofPods.stop()]);
    },
  };
}
