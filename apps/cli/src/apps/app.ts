import type { k8s } from '@sampan/api';
import { SampanError } from '@sampan/base';
import { type Client, REFS, type ResourceRef } from '@sampan/machinery';
import { suggest } from '../suggest.ts';
import { type Trouble, troubleOf } from './trouble.ts';
import { ingressUrls, selects, urlsOf } from './urls.ts';
import { WORKLOADS, type WorkloadKind } from './workload.ts';

/** Something that people would call an application: a workload with its pods and what leads to it. */
export interface App {
  readonly kind: WorkloadKind;
  readonly name: string;
  readonly namespace: string;
  readonly created: string;
  readonly images: readonly string[];
  readonly ready: number;
  readonly wanted: number;
  readonly isDone: boolean;
  readonly pods: readonly k8s.Pod[];
  readonly services: readonly k8s.Service[];
  /** Where it is reached on this machine, the most readable first. */
  readonly urls: readonly string[];
  /** Of the first of its pods that has one, or of itself. */
  readonly trouble: (Trouble & { readonly pod: string }) | undefined;
}

const INGRESSES: ResourceRef = {
  group: 'networking.k8s.io',
  version: 'v1',
  resource: 'ingresses',
  kind: 'Ingress',
  namespaced: true,
};
const REPLICA_SETS: ResourceRef = {
  group: 'apps',
  version: 'v1',
  resource: 'replicasets',
  kind: 'ReplicaSet',
  namespaced: true,
};

/** All applications, by name. `namespace` undefined: of all namespaces. */
export async function listApps(client: Client, namespace: string | undefined): Promise<App[]> {
  const where = namespace === undefined ? {} : { namespace };
  // the API's types say that metadata may be absent; what a server sends has it
  const list = async <T>(ref: ResourceRef) =>
    (await client.list(ref, where)).items as unknown as readonly T[];
  const [pods, services, ingresses, events, sets, ...workloads] = await Promise.all([
    list<k8s.Pod>(REFS.pods),
    list<k8s.Service>(REFS.services),
    list<k8s.Ingress>(INGRESSES),
    list<k8s.CoreV1Event>(REFS.events),
    list<k8s.Pod>(REPLICA_SETS),
    ...WORKLOADS.map(({ ref }) => list<k8s.Pod>(ref)),
  ]);
  const owner = ownerOf([...sets, ...workloads.flat(), ...pods]);
  return WORKLOADS.flatMap((kind, index) =>
    (workloads[index] ?? [])
      // those of other objects are parts of them
      .filter(({ metadata }) => !metadata?.ownerReferences?.some(({ controller }) => controller))
      .map((object) => {
        const uid = object.metadata?.uid ?? '';
        const own = pods.filter((pod) => owner(pod.metadata?.uid ?? '') === uid);
        return describe(kind, object, { pods: own, services, ingresses, events });
      }),
  ).sort((a, b) => (a.namespace + a.name < b.namespace + b.name ? -1 : 1));
}

/** Follows controllers up to the topmost. */
function ownerOf(objects: readonly k8s.Pod[]): (uid: string) => string {
  const above = new Map(
    objects.map(({ metadata }) => [
      metadata?.uid ?? '',
      metadata?.ownerReferences?.find(({ controller }) => controller)?.uid,
    ]),
  );
  return (uid) => {
    let top = uid;
    for (let next = above.get(top); next !== undefined && above.has(next); next = above.get(top)) top = next;
    return top;
  };
}

interface Around {
  readonly pods: readonly k8s.Pod[];
  readonly services: readonly k8s.Service[];
  readonly ingresses: readonly k8s.Ingress[];
  readonly events: readonly k8s.CoreV1Event[];
}

function describe(kind: WorkloadKind, object: k8s.Pod, { pods, services, ingresses, events }: Around): App {
  const { name = '', namespace = '', creationTimestamp = '', uid } = object.metadata ?? {};
  const labels = kind.labels(object);
  const leading = services.filter(
    (service) => service.metadata?.namespace === namespace && selects(service, labels),
  );
  const isDone = kind.isDone(object);
  const troubles = isDone
    ? []
    : pods.flatMap((pod) => {
        const found = troubleOf(pod, events);
        return found ? [{ ...found, pod: pod.metadata?.name ?? '' }] : [];
      });
  return {
    kind,
    name,
    namespace,
    created: String(creationTimestamp),
    images: [...new Set((kind.podSpec(object)?.containers ?? []).map(({ image = '' }) => image))],
    ...kind.readiness(object),
    isDone,
    pods,
    services: leading,
    urls: [...ingressUrls(ingresses, leading), ...leading.flatMap(urlsOf)],
    trouble: troubles.find((found) => found.lasting) ?? troubles[0] ?? ownTrouble(uid, pods, events),
  };
}

/** A workload that could not even make its pods says why in an event: quota, Pod Security, a webhook. */
function ownTrouble(uid: string | undefined, pods: readonly k8s.Pod[], events: readonly k8s.CoreV1Event[]) {
  if (pods.length > 0) return undefined;
  const found = events.findLast(
    ({ type, involvedObject }) => type === 'Warning' && involvedObject.uid === uid,
  );
  if (!found) return undefined;
  const { reason = '', message = '' } = found;
  return { step: 'start' as const, reason, message, advice: '', lasting: true, pod: '' };
}

/** The application that `word` means: `NAME` or `KIND/NAME`. Throws `app-not-found`, `app-ambiguous`. */
export function findApp(apps: readonly App[], word: string): App {
  const [kindName, name] = word.includes('/') ? word.toLowerCase().split('/', 2) : [undefined, word];
  const found = apps.filter((app) => app.name === name && (kindName === undefined || isKind(app, kindName)));
  const [first, second] = found;
  if (first && !second) return first;
  if (first) {
    throw new SampanError('app-ambiguous', `There are ${found.length} things called ${word}.`, {
      hint: `Say which: ${found.map(titleOf).join(' or ')}`,
    });
  }
  const meant = suggest(
    word,
    apps.map((app) => app.name),
  );
  throw new SampanError('app-not-found', `There is no application ${JSON.stringify(word)}.`, {
    hint: meant ? `Did you mean: ${meant}` : 'See those that there are: sampan ps',
  });
}

export const titleOf = ({ kind, name }: App): string => `${kind.ref.kind.toLowerCase()}/${name}`;

const isKind = ({ kind }: App, word: string): boolean =>
  [kind.ref.kind.toLowerCase(), kind.ref.resource].includes(word);
