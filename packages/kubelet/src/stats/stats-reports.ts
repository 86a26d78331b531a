import { availableParallelism } from 'node:os';
import { type Logger, messageOf } from '@sampan/base';
import { cadvisorMetrics } from './cadvisor-metrics.ts';
import { nodeMetrics } from './node-metrics.ts';
import { PROMETHEUS_TYPE, prometheusText } from './prometheus.ts';
import { resourceMetrics } from './resource-metrics.ts';
import type { Stats } from './stats.ts';

export interface StatsReport {
  readonly contentType: string;
  readonly body: string;
}

/** Answers to GET of a path of the node agent, made anew each time. A failed one rejects. */
export type StatsReports = Readonly<Record<string, (query: URLSearchParams) => Promise<StatsReport>>>;

/**
 * What kubelets tell of what is used: `/stats/summary`, `/metrics/resource`, `/metrics/cadvisor`, `/metrics`; and, for the API server,
 * `/metrics.k8s.io`.
 */
export function statsReports(stats: Stats, node: string, log: Logger): StatsReports {
  return {
    '/stats/summary': async (query) => json(await stats.summary(query.get('only_cpu_and_memory') === 'true')),
    '/metrics/resource': async () => {
      const summary = await stats.summary(true).catch((error: unknown) => {
        log.warn('what pods use cannot be read', { error: messageOf(error) });
        return undefined;
      });
      return prometheus(resourceMetrics(summary));
    },
    '/metrics/cadvisor': async () => {
      const [summary, { machine }] = await Promise.all([stats.summary(), stats.usage()]);
      return prometheus(cadvisorMetrics(summary, machine, availableParallelism(), stats.pods()));
    },
    '/metrics': async () => prometheus(prometheusText(await ownMetrics(stats))),
    '/metrics.k8s.io': async () => json(nodeMetrics(node, await stats.usage())),
  };
}

const json = (value: unknown): StatsReport => ({
  contentType: 'application/json',
  body: JSON.stringify(value),
});

const prometheus = (body: string): StatsReport => ({ contentType: PROMETHEUS_TYPE, body });

/** Of the agent's own process, by the names of Prometheus' clients, and of its pods by the kubelet's. */
async function ownMetrics(stats: Stats) {
  const { pods } = await stats.usage();
  const { rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const running = pods.reduce((sum, { containers }) => sum + containers.length, 0);
  const one = (value: number) => [{ value }];
  return [
    {
      name: 'process_cpu_seconds_total',
      help: 'Total user and system CPU time spent in seconds.',
      type: 'counter',
      samples: one((user + system) / 1e6),
    },
    {
      name: 'process_resident_memory_bytes',
      help: 'Resident memory size in bytes.',
      type: 'gauge',
      samples: one(rss),
    },
    {
      name: 'process_start_time_seconds',
      help: 'Start time of the process since unix epoch in seconds.',
      type: 'gauge',
      samples: one(Math.round(performance.timeOrigin) / 1000),
    },
    {
      name: 'kubelet_running_pods',
      help: '[BETA] Number of pods that have a running pod sandbox',
      type: 'gauge',
      samples: one(pods.length),
    },
    {
      name: 'kubelet_running_containers',
      help: '[BETA] Number of containers currently running',
      type: 'gauge',
      samples: [{ value: running, labels: { container_state: 'running' } }],
    },
  ] as const;
}
