import { goMilliseconds } from '../worker/pod-event.ts';
import type { CpuRate } from './cpu-rates.ts';
import { rfc3339 } from './make-summary.ts';
import { MACHINE, type UsageSample } from './usage-sampler.ts';

/** NodeMetrics and PodMetrics of metrics.k8s.io/v1beta1, without the labels, which the API server knows. */
export interface MetricsAnswer {
  readonly nodes: readonly NodeMetrics[];
  readonly pods: readonly PodMetrics[];
}

interface Metrics {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly uid?: string };
  readonly timestamp: string;
  /** As Go prints a duration: `15.004s`. */
  readonly window: string;
}

type Usage = Readonly<Record<'cpu' | 'memory', string>>;

export interface NodeMetrics extends Metrics {
  readonly usage: Usage;
}

export interface PodMetrics extends Metrics {
  readonly containers: readonly { readonly name: string; readonly usage: Usage }[];
}

/** As metrics-server tells it: only pods all of whose containers have a rate. Pure. */
export function nodeMetrics(node: string, { machine, pods, rates }: UsageSample): MetricsAnswer {
  const own = rates.get(MACHINE);
  return {
    nodes: own
      ? [
          {
            metadata: { name: node },
            timestamp: rfc3339(machine.at),
            window: seconds(own),
            usage: usage(own, machine.memory.workingSet),
          },
        ]
      : [],
    pods: pods.flatMap(({ pod, usage: whole, containers }) => {
      const found = containers.map(({ name, id, usage: one }) => ({
        name,
        rate: rates.get(id),
        workingSet: one.memory.workingSet,
      }));
      const [first] = found;
      if (!first?.rate || found.some(({ rate }) => !rate)) return [];
      const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
      return [
        {
          metadata: { name, namespace, uid },
          timestamp: rfc3339(whole.at),
          window: seconds(first.rate),
          containers: found.flatMap(({ name: container, rate, workingSet }) =>
            rate ? [{ name: container, usage: usage(rate, workingSet) }] : [],
          ),
        },
      ];
    }),
  };
}

function usage({ nanoCores }: CpuRate, workingSet: number): Usage {
  return { cpu: `${nanoCores}n`, memory: `${Math.floor(workingSet / 1024)}Ki` };
}

const seconds = ({ windowMs }: CpuRate): string => goMilliseconds(windowMs);
