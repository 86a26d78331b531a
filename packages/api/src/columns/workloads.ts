import { list, type Part } from '../core/shared.ts';
import type { Column } from '../kinds/resource.ts';
import { type KubeObject, parseApiVersion } from '../meta/object.ts';
import {
  ageColumn,
  boolean,
  formatLabels,
  formatSelector,
  integer,
  NONE,
  nameColumn,
  selectorText,
  templateColumns,
  text,
  UNSET,
  wide,
} from './cells.ts';
import { humanDuration, since } from './duration.ts';
import { podColumns } from './pod.ts';

const template = (object: KubeObject): Part => object.spec?.template;
const selectorColumn = wide(text('Selector', (object) => formatSelector(object.spec?.selector)));
const replicasOf = (object: KubeObject): number => object.spec?.replicas ?? 0;
const status = (field: string) => (object: KubeObject) => object.status?.[field] ?? 0;

const replicated = (selector: Column): Column[] => [
  nameColumn,
  integer('Desired', replicasOf),
  integer('Current', status('replicas')),
  integer('Ready', status('readyReplicas')),
  ageColumn,
  ...templateColumns(template),
  selector,
];

const readyColumn = text('Ready', (object) => `${object.status?.readyReplicas ?? 0}/${replicasOf(object)}`);

function completions(job: KubeObject): string {
  const succeeded = job.status?.succeeded ?? 0;
  if (job.spec?.completions !== undefined) return `${succeeded}/${job.spec.completions}`;
  const parallelism = job.spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(job: KubeObject, now: number): string {
  const { startTime, completionTime } = job.status ?? {};
  if (!startTime) return '';
  return humanDuration((completionTime ? Date.parse(completionTime) : now) - Date.parse(startTime));
}

/** The first condition that holds says what a job is; one being deleted comes after its end. */
function jobStatus(job: KubeObject): string {
  const holds = (type: string): boolean =>
    list(job.status?.conditions).find((condition) => condition.type === type)?.status === 'True';
  if (holds('Complete')) return 'Complete';
  if (holds('Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(holds) ?? 'Running';
}

function suspended(cronJob: KubeObject): string {
  const value: boolean | undefined = cronJob.spec?.suspend;
  return value === undefined ? UNSET : value ? 'True' : 'False';
}

function controllerOf(revision: KubeObject): string {
  const owner = list(revision.metadata.ownerReferences).find((reference) => reference.controller);
  if (!owner) return NONE;
  const { group } = parseApiVersion(owner.apiVersion);
  return `${`${owner.kind}${group === '' ? '' : `.${group}`}`.toLowerCase()}/${owner.name}`;
}

const jobTemplate = (cronJob: KubeObject): Part => cronJob.spec?.jobTemplate?.spec?.template;

export const workloadColumns: Readonly<Record<string, readonly Column[]>> = {
  '/Pod': podColumns,
  '/PodTemplate': [
    nameColumn,
    ...templateColumns((object) => object.template).map((column) => ({ ...column, priority: 0 })),
    text('Pod Labels', (object) => formatLabels(object.template?.metadata?.labels)),
  ],
  '/ReplicationController': replicated(
    wide(text('Selector', (object) => formatLabels(object.spec?.selector))),
  ),
  'apps/ControllerRevision': [
    nameColumn,
    text('Controller', controllerOf),
    text('Revision', (object) => object.revision ?? 0),
    ageColumn,
  ],
  'apps/DaemonSet': [
    nameColumn,
    integer('Desired', status('desiredNumberScheduled')),
    integer('Current', status('currentNumberScheduled')),
    integer('Ready', status('numberReady')),
    integer('Up-to-date', status('updatedNumberScheduled')),
    integer('Available', status('numberAvailable')),
    text('Node Selector', (object) => formatLabels(object.spec?.template?.spec?.nodeSelector)),
    ageColumn,
    ...templateColumns(template),
    selectorColumn,
  ],
  'apps/Deployment': [
    nameColumn,
    readyColumn,
    text('Up-to-date', status('updatedReplicas')),
    text('Available', status('availableReplicas')),
    ageColumn,
    ...templateColumns(template),
    wide(text('Selector', (object) => selectorText(object.spec?.selector))),
  ],
  'apps/ReplicaSet': replicated(selectorColumn),
  'apps/StatefulSet': [nameColumn, readyColumn, ageColumn, ...templateColumns(template)],
  'batch/CronJob': [
    nameColumn,
    text('Schedule', (object) => object.spec?.schedule ?? ''),
    text('Timezone', (object) => object.spec?.timeZone ?? NONE),
    boolean('Suspend', suspended),
    integer('Active', (object) => list(object.status?.active).length),
    text('Last Schedule', (object, now) =>
      object.status?.lastScheduleTime ? since(object.status.lastScheduleTime, now) : NONE,
    ),
    ageColumn,
    ...templateColumns(jobTemplate),
    wide(text('Selector', (object) => formatSelector(object.spec?.jobTemplate?.spec?.selector))),
  ],
  'batch/Job': [
    nameColumn,
    text('Status', jobStatus),
    text('Completions', completions),
    text('Duration', jobDuration),
    ageColumn,
    ...templateColumns(template),
    selectorColumn,
  ],
};
