import { deepEqual } from '@sampan/base';
import { type PolicyPod, policyPodOf } from '../policy/objects.ts';
import { nameOf, type Pod } from '../services/objects.ts';

interface Entry {
  readonly pod: Pod;
  /** Told by who made the pod's network, before the API knows. */
  readonly ip: string | undefined;
  readonly facts: PolicyPod | undefined;
}

/** What the rules need to know of pods. Most changes of a pod's status change nothing of it. */
export class PodBook {
  readonly #entries = new Map<string, Entry>();

  /** True when rules may follow from the change. */
  put(pod: Pod): boolean {
    const known = this.#entries.get(nameOf(pod));
    const isSame = known !== undefined && known.pod.metadata.uid === pod.metadata.uid;
    return this.#set(pod, isSame ? known.ip : undefined);
  }

  /** The pod has this address from now on. */
  attach(pod: Pod, ip: string): boolean {
    const known = this.#entries.get(nameOf(pod))?.pod;
    const newest = known !== undefined && known.metadata.uid === pod.metadata.uid ? known : pod;
    return this.#set(newest, ip);
  }

  remove(pod: Pod): boolean {
    const known = this.#entries.get(nameOf(pod));
    if (!known || known.pod.metadata.uid !== pod.metadata.uid) return false;
    this.#entries.delete(nameOf(pod));
    return known.facts !== undefined;
  }

  policyPods(): PolicyPod[] {
    return [...this.#entries.values()].flatMap(({ facts }) => facts ?? []);
  }

  /** Those whose ports of the host may lead somewhere, with their addresses. */
  *withHostPorts(): Iterable<Pod> {
    for (const { pod, facts } of this.#entries.values())
      if (facts && hasHostPort(pod)) yield { ...pod, status: { ...pod.status, podIP: facts.ip } };
  }

  #set(pod: Pod, ip: string | undefined): boolean {
    const before = this.#entries.get(nameOf(pod));
    const facts = policyPodOf(pod, ip ?? pod.status?.podIP);
    this.#entries.set(nameOf(pod), { pod, ip, facts });
    return !before || !deepEqual(comparable(before.facts), comparable(facts));
  }
}

const comparable = (facts: PolicyPod | undefined) => facts && { ...facts, ports: [...facts.ports] };

export const hasHostPort = ({ spec }: Pod): boolean =>
  [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].some(({ ports }) =>
    ports?.some(({ hostPort }) => hostPort),
  );
