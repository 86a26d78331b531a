import type { k8s } from '@sampan/api';
import type { ResourceRef } from '@sampan/machinery';

type Workload = k8s.Deployment | k8s.StatefulSet | k8s.DaemonSet | k8s.Job | k8s.BatchV1CronJob | k8s.Pod;

/** How many pods are as they should be, of how many. */
interface Readiness {
  readonly ready: number;
  readonly wanted: number;
}

export interface WorkloadKind {
  readonly ref: ResourceRef;
  /** Whether its number of pods is given in `spec.replicas`. */
  readonly scales: boolean;
  podSpec(object: Workload): k8s.PodSpec | undefined;
  labels(object: Workload): Readonly<Record<string, string>>;
  readiness(object: Workload): Readiness;
  /** Its work is done, and nothing of it needs to run any more. */
  isDone(object: Workload): boolean;
}

const ref = (group: string, resource: string, kind: string): ResourceRef => ({
  group,
  version: 'v1',
  resource,
  kind,
  namespaced: true,
});

const templateOf = (object: Workload): k8s.PodTemplateSpec | undefined =>
  (object.spec as { template?: k8s.PodTemplateSpec } | undefined)?.template;
const fromTemplate = {
  podSpec: (object: Workload) => templateOf(object)?.spec,
  labels: (object: Workload) => templateOf(object)?.metadata?.labels ?? {},
};
const never = () => false;
const replicated = (resource: string, kind: string): WorkloadKind => ({
  ref: ref('apps', resource, kind),
  scales: true,
  ...fromTemplate,
  readiness: (object) => {
    const { spec, status } = object as k8s.Deployment;
    return { ready: status?.readyReplicas ?? 0, wanted: spec?.replicas ?? 1 };
  },
  isDone: never,
});

/** Kinds that people think of as applications, in the order in which a name is looked for. */
export const WORKLOADS: readonly WorkloadKind[] = [
  replicated('deployments', 'Deployment'),
  replicated('statefulsets', 'StatefulSet'),
  {
    ref: ref('apps', 'daemonsets', 'DaemonSet'),
    scales: false,
    ...fromTemplate,
    readiness: (object) => {
      const { status } = object as k8s.DaemonSet;
      return { ready: status?.numberReady ?? 0, wanted: status?.desiredNumberScheduled ?? 0 };
    },
    isDone: never,
  },
  {
    ref: ref('batch', 'jobs', 'Job'),
    scales: false,
    ...fromTemplate,
    readiness: (object) => {
      const { spec, status } = object as k8s.Job;
      return { ready: status?.succeeded ?? 0, wanted: spec?.completions ?? 1 };
    },
    isDone: (object) =>
      (object as k8s.Job).status?.conditions?.some(
        ({ type, status }) => type === 'Complete' && status === 'True',
      ) ?? false,
  },
  {
    ref: ref('batch', 'cronjobs', 'CronJob'),
    scales: false,
    podSpec: (object) => (object as k8s.BatchV1CronJob).spec?.jobTemplate.spec?.template.spec,
    labels: () => ({}),
    readiness: () => ({ ready: 0, wanted: 0 }),
    isDone: never,
  },
  {
    ref: ref('', 'pods', 'Pod'),
    scales: false,
    podSpec: (object) => (object as k8s.Pod).spec,
    labels: (object) => object.metadata?.labels ?? {},
    readiness: (object) => ({ ready: isReady(object as k8s.Pod) ? 1 : 0, wanted: 1 }),
    isDone: (object) => (object as k8s.Pod).status?.phase === 'Succeeded',
  },
];

export function isReady({ status }: k8s.Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}
