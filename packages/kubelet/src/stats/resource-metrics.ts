import { type MetricFamily, type MetricSample, prometheusText } from './prometheus.ts';
import type { ContainerUsage, CpuStats, MemoryStats, NodeStats, PodStats, Summary } from './summary.ts';

type Row = readonly [name: string, help: string, type: MetricFamily['type']];

const NODE: readonly (readonly [...Row, value: (node: NodeStats) => MetricSample[]])[] = [
  [
    'node_cpu_usage_seconds_total',
    '[STABLE] Cumulative cpu time consumed by the node in core-seconds',
    'counter',
    ({ cpu }) => seconds(cpu),
  ],
  [
    'node_memory_working_set_bytes',
    '[STABLE] Current working set of the node in bytes',
    'gauge',
    ({ memory }) => workingSet(memory),
  ],
  [
    'node_swap_usage_bytes',
    '[ALPHA] Current swap usage of the node in bytes. Reported only on non-windows systems',
    'gauge',
    ({ swap }) => (swap ? [{ value: swap.swapUsageBytes, at: Date.parse(swap.time) }] : []),
  ],
];

const CONTAINER: readonly (readonly [...Row, value: (container: ContainerUsage) => MetricSample[]])[] = [
  [
    'container_cpu_usage_seconds_total',
    '[STABLE] Cumulative cpu time consumed by the container in core-seconds',
    'counter',
    ({ cpu }) => seconds(cpu),
  ],
  [
    'container_memory_working_set_bytes',
    '[STABLE] Current working set of the container in bytes',
    'gauge',
    ({ memory }) => workingSet(memory),
  ],
  [
    'container_start_time_seconds',
    '[STABLE] Start time of the container since unix epoch in seconds',
    'gauge',
    ({ startTime }) => {
      const value = Date.parse(startTime) / 1000;
      return Number.isFinite(value) ? [{ value }] : [];
    },
  ],
];

const POD: readonly (readonly [...Row, value: (pod: PodStats) => MetricSample[]])[] = [
  [
    'pod_cpu_usage_seconds_total',
    '[STABLE] Cumulative cpu time consumed by the pod in core-seconds',
    'counter',
    ({ cpu }) => seconds(cpu),
  ],
  [
    'pod_memory_working_set_bytes',
    '[STABLE] Current working set of the pod in bytes',
    'gauge',
    ({ memory }) => workingSet(memory),
  ],
];

const SCRAPE_ERROR: Row = [
  'resource_scrape_error',
  '[STABLE] 1 if there was an error while getting container metrics, 0 otherwise',
  'gauge',
];

/** What `/metrics/resource` answers (kubelet metrics/collectors/resource_metrics.go). undefined: it could not be read. */
export function resourceMetrics(summary: Summary | undefined): string {
  const [name, help, type] = SCRAPE_ERROR;
  const scrape = { name, help, type, samples: [{ value: summary ? 0 : 1 }] };
  if (!summary) return prometheusText([scrape]);
  const { node, pods } = summary;
  return prometheusText([
    ...CONTAINER.map(([name, help, type, value]) => ({
      ...{ name, help, type },
      samples: pods.flatMap((pod) =>
        pod.containers.flatMap((container) =>
          value(container).map((sample) => ({
            ...sample,
            labels: { container: container.name, ...of(pod) },
          })),
        ),
      ),
    })),
    ...NODE.map(([name, help, type, value]) => ({ name, help, type, samples: value(node) })),
    ...POD.map(([name, help, type, value]) => ({
      ...{ name, help, type },
      samples: pods.flatMap((pod) => value(pod).map((sample) => ({ ...sample, labels: of(pod) }))),
    })),
    scrape,
  ]);
}

const of = ({ podRef: { name, namespace } }: PodStats) => ({ namespace, pod: name });

function seconds(cpu: CpuStats | undefined): MetricSample[] {
  return cpu ? [{ value: cpu.usageCoreNanoSeconds / 1e9, at: Date.parse(cpu.time) }] : [];
}

function workingSet(memory: MemoryStats | undefined): MetricSample[] {
  return memory ? [{ value: memory.workingSetBytes, at: Date.parse(memory.time) }] : [];
}
