import type { k8s } from '@sampan/api';
import type { Clock, Logger } from '@sampan/base';
import { containerSpecs } from '../pods/container-spec.ts';
import type { ContainerProbes } from '../pods/pod-view.ts';
import { fieldPath, type PodEvent } from '../worker/pod-event.ts';
import type { ProbeMeans } from './make-probe.ts';
import type { ProbeKind } from './probe-run.ts';
import { type ProbeTarget, ProbeWorker } from './probe-worker.ts';

export interface ProbesOptions extends ProbeMeans {
  readonly clock: Clock;
  readonly logger: Logger;
  /** What a probe of a container says: for `PodRunner.setProbe`. Must not throw. */
  readonly report: (uid: string, containerId: string, probes: ContainerProbes) => void;
  /** Must not throw. */
  readonly tell: (uid: string, event: PodEvent) => void;
  /** From 0 to 1; default `Math.random`. */
  readonly random?: () => number;
}

const FIELDS = {
  startup: 'startupProbe',
  liveness: 'livenessProbe',
  readiness: 'readinessProbe',
} as const satisfies Record<ProbeKind, keyof k8s.Container>;
const KINDS = Object.keys(FIELDS) as ProbeKind[];

/** Probes the containers of all pods (kubelet prober manager). Owns its timers and what is under way. */
export class Probes {
  readonly #options: ProbesOptions;
  readonly #since: number;
  /** By pod, then by container and kind. */
  readonly #workers = new Map<string, Map<string, ProbeWorker>>();

  constructor(options: ProbesOptions) {
    this.#options = options;
    this.#since = options.clock.now();
  }

  /** A pod as it is wanted and as it was last told to be. Cheap to call often. */
  update(pod: k8s.Pod, status: k8s.PodStatus): void {
    const uid = pod.metadata?.uid ?? '';
    if (status.phase === 'Failed' || status.phase === 'Succeeded') {
      this.forget(uid);
      return;
    }
    const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
    const podIP = status.podIP ?? '';
    for (const { kind, container } of containerSpecs(pod.spec ?? {})) {
      if (kind !== 'regular' && kind !== 'sidecar') continue;
      const found = all.find(({ name }) => name === container.name);
      for (const probeKind of KINDS) {
        const probe = container[FIELDS[probeKind]];
        if (!probe) continue;
        const target = targetOf(pod, container, podIP, probe, found);
        this.#worker(uid, pod, container.name, probeKind).update(target);
      }
    }
  }

  /** Stops probing a pod. May be called twice. */
  forget(uid: string): void {
    for (const worker of this.#workers.get(uid)?.values() ?? []) worker.close();
    this.#workers.delete(uid);
  }

  close(): void {
    for (const uid of [...this.#workers.keys()]) this.forget(uid);
  }

  #worker(uid: string, pod: k8s.Pod, container: string, kind: ProbeKind): ProbeWorker {
    const ofPod = this.#workers.get(uid) ?? new Map<string, ProbeWorker>();
    this.#workers.set(uid, ofPod);
    const key = `${container} ${kind}`;
    const known = ofPod.get(key);
    if (known) return known;
    const { clock, logger, runtime, address, report, tell, random = Math.random } = this.#options;
    const path = fieldPath(pod, container);
    const worker = new ProbeWorker(kind, {
      ...{ clock, runtime, address, random, since: this.#since },
      report: (id, result) => {
        logger.debug('probed', { uid, container, kind, result });
        report(uid, id, { [kind]: result });
      },
      tell: (event) => tell(uid, { ...event, fieldPath: path }),
    });
    ofPod.set(key, worker);
    return worker;
  }
}

function targetOf(
  pod: k8s.Pod,
  container: k8s.Container,
  podIP: string,
  probe: k8s.Probe,
  status: k8s.ContainerStatus | undefined,
): ProbeTarget | undefined {
  const containerId = status?.containerID?.replace(/^\w+:\/\//, '');
  return status && containerId ? { pod, container, podIP, probe, status, containerId } : undefined;
}
