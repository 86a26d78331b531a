import { messageOf } from '@sampan/base';
import {
  CLAIMS,
  type Claim,
  controllerReference,
  keyOf,
  REFS,
  Reconciler,
  splitKey,
} from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore, isTerminating, recorderOf } from '../controller.ts';
import { controllerOf } from '../workloads/claim.ts';
import type { Pod } from '../workloads/objects.ts';
import { isTerminating as isGoing, isTerminal } from '../workloads/pod-state.ts';
import type { SharedInformers } from '../workloads/shared-informers.ts';

const NAME = 'ephemeral-volume-controller';

/** The claims that a pod's generic ephemeral volumes are (KEP-1698). Pure. */
export function ephemeralClaims(pod: Pod): Claim[] {
  const { name: podName, namespace = '' } = pod.metadata;
  return (pod.spec.volumes ?? []).flatMap(({ name, ephemeral }) => {
    const template = ephemeral?.volumeClaimTemplate;
    if (!template) return [];
    const { labels, annotations } = template.metadata ?? {};
    return [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {
          name: `${podName}-${name}`,
          namespace,
          ...(labels ? { labels } : {}),
          ...(annotations ? { annotations } : {}),
          ownerReferences: [controllerReference(pod)],
        },
        spec: template.spec ?? {},
      },
    ];
  });
}

/** Makes those claims; they go with their pods. */
export function startEphemeralVolumes(context: ControllerContext, informers: SharedInformers): Controller {
  const { clock, log } = context;
  const client = context.client(NAME);
  const events = recorderOf(context, client, NAME);
  const pods = informers.of<Pod>(REFS.pods);
  const claims = informers.of<Claim>(CLAIMS);

  const ensure = async (pod: Pod, wanted: Claim): Promise<void> => {
    const { namespace = '', name = '' } = wanted.metadata;
    let present = claims.get(namespace, name);
    if (!present) {
      const made = await client.create(CLAIMS, wanted).catch((error: unknown) => {
        if (!isTerminating(error)) return ignore('AlreadyExists')(error);
        return wanted;
      });
      present = made ?? (await client.get<Claim>(CLAIMS, namespace, name));
    }
    if (controllerOf(present)?.uid === pod.metadata.uid) return;
    throw new Error(
      `PVC "${namespace}/${name}" (uid: "${present.metadata.uid}") was not created for the pod`,
    );
  };
  const reconcile = async (key: string) => {
    const { namespace, name } = splitKey(key);
    const pod = pods.get(namespace, name);
    if (!pod || isGoing(pod) || isTerminal(pod)) return undefined;
    for (const claim of ephemeralClaims(pod)) {
      await ensure(pod, claim).catch((error: unknown) => {
        const volume = (claim.metadata.name ?? '').slice(name.length + 1);
        const note = `ephemeral volume ${volume}: ${messageOf(error)}`;
        events.record(pod, { type: 'Warning', reason: 'FailedBinding', note });
        throw error;
      });
    }
    return undefined;
  };
  const reconciler = new Reconciler({ name: NAME, clock, log, reconcile });
  pods.onChange(({ type, object }) => {
    if (type === 'added' && object.spec.volumes?.some(({ ephemeral }) => ephemeral))
      reconciler.enqueue(keyOf(object));
  });
  claims.onChange(({ type, object }) => {
    const owner = type === 'deleted' ? controllerOf(object) : undefined;
    if (owner?.kind === 'Pod') reconciler.enqueue(`${object.metadata.namespace}/${owner.name}`);
  });
  return {
    synced: informers.synced().then(() => reconciler.start()),
    async stop() {
      await reconciler.stop();
      events.stop();
    },
  };
}
