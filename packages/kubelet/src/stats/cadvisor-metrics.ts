import type { k8s } from '@sampan/api';
import type { MachineUsage } from './machine-usage.ts';
import { type MetricFamily, type MetricSample, prometheusText } from './prometheus.ts';
import type { ContainerUsage, PodStats, Summary } from './summary.ts';

type Labels = Readonly<Record<string, string>>;
type Row<T> = readonly [
  name: string,
  help: string,
  type: MetricFamily['type'],
  values: (of: T) => MetricSample[],
];

const at = (stats: { readonly time: string } | undefined) => (stats ? { at: Date.parse(stats.time) } : {});
const one = (value: number | undefined, stats: { readonly time: string } | undefined): MetricSample[] =>
  value === undefined ? [] : [{ value, ...at(stats) }];

const CONTAINER: readonly Row<ContainerUsage>[] = [
  [
    'container_cpu_usage_seconds_total',
    'Cumulative cpu time consumed in seconds.',
    'counter',
    ({ cpu }) =>
      one(cpu && cpu.usageCoreNanoSeconds / 1e9, cpu).map((sample) => ({
        ...sample,
        labels: { cpu: 'total' },
      })),
  ],
  [
    'container_memory_usage_bytes',
    'Current memory usage in bytes, including all memory regardless of when it was accessed',
    'gauge',
    ({ memory }) => one(memory?.usageBytes, memory),
  ],
  [
    'container_memory_working_set_bytes',
    'Current working set in bytes.',
    'gauge',
    ({ memory }) => one(memory?.workingSetBytes, memory),
  ],
  ['container_memory_rss', 'Size of RSS in bytes.', 'gauge', ({ memory }) => one(memory?.rssBytes, memory)],
  [
    'container_fs_usage_bytes',
    'Number of bytes that are consumed by the container on this filesystem.',
    'gauge',
    ({ rootfs }) => one(rootfs?.usedBytes, rootfs),
  ],
  [
    'container_start_time_seconds',
    'Start time of the container since unix epoch in seconds.',
    'gauge',
    ({ startTime }) => [{ value: Date.parse(startTime) / 1000 }],
  ],
];

const NETWORK = [
  ['container_network_receive_bytes_total', 'Cumulative count of bytes received', 'rxBytes'],
  [
    'container_network_receive_errors_total',
    'Cumulative count of errors encountered while receiving',
    'rxErrors',
  ],
  ['container_network_transmit_bytes_total', 'Cumulative count of bytes transmitted', 'txBytes'],
  [
    'container_network_transmit_errors_total',
    'Cumulative count of errors encountered while transmitting',
    'txErrors',
  ],
] as const;

/**
 * What dashboards read of `/metrics/cadvisor`: the main families of cAdvisor by their names and labels. Those of
 * containers have `container`, `pod`, `namespace`, `image` and `id`; those of pods (network) an empty container. Pure.
 */
export function cadvisorMetrics(
  { pods }: Summary,
  { memoryBytes }: Pick<MachineUsage, 'memoryBytes'>,
  cpus: number,
  known: readonly k8s.Pod[],
): string {
  const byUid = new Map(known.map((pod) => [pod.metadata?.uid ?? '', pod]));
  const containers = pods.flatMap((pod) =>
    pod.containers.map((container) => ({ container, labels: labelsOf(pod, container.name, byUid) })),
  );
  const machine = (name: string, help: string, value: number): MetricFamily => ({
    ...{ name, help, type: 'gauge' },
    samples: [{ value }],
  });
  return prometheusText([
    ...CONTAINER.map(([name, help, type, values]) => ({
      ...{ name, help, type },
      samples: containers.flatMap(({ container, labels }) =>
        values(container).map((sample) => ({ ...sample, labels: { ...labels, ...sample.labels } })),
      ),
    })),
    ...NETWORK.map(([name, help, field]) => ({
      ...{ name, help, type: 'counter' as const },
      samples: pods.flatMap((pod) =>
        (pod.network?.interfaces ?? []).map((each) => ({
          value: each[field],
          labels: { ...labelsOf(pod, '', byUid), interface: each.name },
          ...at(pod.network),
        })),
      ),
    })),
    machine('machine_cpu_cores', 'Number of logical CPU cores.', cpus),
    machine('machine_memory_bytes', 'Amount of memory installed on the machine.', memoryBytes),
  ]);
}

function labelsOf(
  { podRef: { name, namespace, uid } }: PodStats,
  container: string,
  known: ReadonlyMap<string, k8s.Pod>,
): Labels {
  const { status } = known.get(uid) ?? {};
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const own = all.find((each) => each.name === container);
  return { container, id: own?.containerID ?? uid, image: own?.image ?? '', namespace, pod: name };
}
