import { CORE_EVENT, type EventFields, NEW_EVENT } from '../core/event.ts';
import { list, quantity } from '../core/shared.ts';
import type { Column } from '../kinds/resource.ts';
import type { KubeObject } from '../meta/object.ts';
import { ageColumn, createdAtColumns, integer, NONE, nameColumn, sizeOf, text, wide } from './cells.ts';
import { since } from './duration.ts';

function endpointsCell(endpoints: KubeObject): string {
  const subsets = list(endpoints.subsets);
  if (subsets.length === 0) return NONE;
  const all = subsets.flatMap((subset) => {
    const ips: string[] = list(subset.addresses).map((address) => address.ip);
    const ports = list(subset.ports);
    if (ports.length === 0) return ips;
    return ports.flatMap((port) => ips.map((ip) => `${ip.includes(':') ? `[${ip}]` : ip}:${port.port}`));
  });
  const shown = all.slice(0, 3).join(',');
  return all.length > 3 ? `${shown} + ${all.length - 3} more...` : shown;
}

function nodeStatus(node: KubeObject): string {
  const ready = list(node.status?.conditions).findLast((condition) => condition.type === 'Ready');
  const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'];
  if (node.spec?.unschedulable) words.push('SchedulingDisabled');
  return words.join(',');
}

const ROLE_PREFIX = 'node-role.kubernetes.io/';

function nodeRoles(node: KubeObject): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length)
      roles.add(key.slice(ROLE_PREFIX.length));
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value);
  }
  return roles.size > 0 ? [...roles].sort().join(',') : NONE;
}

const nodeAddress = (type: string) => (node: KubeObject) =>
  list(node.status?.addresses).find((address) => address.type === type)?.address ?? NONE;
const nodeInfo = (key: string) => (node: KubeObject) => node.status?.nodeInfo?.[key] || '<unknown>';

function firstSeen(event: KubeObject, now: number, fields: EventFields): string {
  return since(event[fields.firstTimestamp] || event.eventTime, now);
}

function lastSeen(event: KubeObject, now: number, fields: EventFields): string {
  if (event.series !== undefined) return since(event.series.lastObservedTime, now);
  const last = event[fields.lastTimestamp];
  return last ? since(last, now) : firstSeen(event, now, fields);
}

function eventObject(event: KubeObject, fields: EventFields): string {
  const { kind = '', name } = event[fields.involvedObject] ?? {};
  return name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase();
}

function eventSource(event: KubeObject, fields: EventFields): string {
  const source = event[fields.source];
  const component = source?.component || (event[fields.reportingController] ?? '');
  const instance = source?.host || (event.reportingInstance ?? '');
  return instance === '' ? component : `${component}, ${instance}`;
}

const eventCount = (event: KubeObject, fields: EventFields): number =>
  event.series === undefined ? event[fields.count] || 1 : (event.series.count ?? 0) + 1;

const eventColumns = (fields: EventFields): Column[] => [
  text('Last Seen', (event, now) => lastSeen(event, now, fields)),
  text('Type', (event) => event.type ?? ''),
  text('Reason', (event) => event.reason ?? ''),
  text('Object', (event) => eventObject(event, fields)),
  wide(text('Subobject', (event) => event[fields.involvedObject]?.fieldPath ?? '')),
  wide(text('Source', (event) => eventSource(event, fields))),
  text('Message', (event) => (event[fields.message] ?? '').trim()),
  wide(text('First Seen', (event, now) => firstSeen(event, now, fields))),
  wide(text('Count', (event) => eventCount(event, fields))),
  wide(nameColumn),
];

/** Quotas of limits and of all else, each `name: used/hard` by name. */
const quotaCell =
  (limits: boolean) =>
  (quota: KubeObject): string =>
    Object.keys(quota.status?.hard ?? {})
      .filter((name) => name.startsWith('limits.') === limits)
      .sort()
      .map((name) => `${name}: ${quantity(quota.status.used?.[name])}/${quantity(quota.status.hard[name])}`)
      .join(', ');

function component(status: KubeObject): { status: string; message: string; error: string } {
  const healthy = list(status.conditions).find((condition) => condition.type === 'Healthy');
  if (!healthy) return { status: 'Unknown', message: '', error: '' };
  return {
    status: healthy.status === 'True' ? 'Healthy' : 'Unhealthy',
    message: healthy.message ?? '',
    error: healthy.error ?? '',
  };
}

export const coreColumns: Readonly<Record<string, readonly Column[]>> = {
  '/ComponentStatus': [
    nameColumn,
    text('Status', (object) => component(object).status),
    text('Message', (object) => component(object).message),
    text('Error', (object) => component(object).error),
  ],
  '/ConfigMap': [
    nameColumn,
    text('Data', (object) => sizeOf(object.data) + sizeOf(object.binaryData)),
    ageColumn,
  ],
  '/Endpoints': [nameColumn, text('Endpoints', endpointsCell), ageColumn],
  '/Event': eventColumns(CORE_EVENT),
  '/LimitRange': createdAtColumns,
  '/Namespace': [nameColumn, text('Status', (object) => object.status?.phase ?? ''), ageColumn],
  '/Node': [
    nameColumn,
    text('Status', nodeStatus),
    text('Roles', nodeRoles),
    ageColumn,
    text('Version', (object) => object.status?.nodeInfo?.kubeletVersion ?? ''),
    wide(text('Internal-IP', nodeAddress('InternalIP'))),
    wide(text('External-IP', nodeAddress('ExternalIP'))),
    wide(text('OS-Image', nodeInfo('osImage'))),
    wide(text('Kernel-Version', nodeInfo('kernelVersion'))),
    wide(text('Container-Runtime', nodeInfo('containerRuntimeVersion'))),
  ],
  '/ResourceQuota': [
    nameColumn,
    text('Request', quotaCell(false)),
    text('Limit', quotaCell(true)),
    ageColumn,
  ],
  '/Secret': [
    nameColumn,
    text('Type', (object) => object.type ?? ''),
    text('Data', (object) => sizeOf(object.data)),
    ageColumn,
  ],
  '/ServiceAccount': [nameColumn, text('Secrets', (object) => list(object.secrets).length), ageColumn],
  'events.k8s.io/Event': eventColumns(NEW_EVENT),
  'node.k8s.io/RuntimeClass': [nameColumn, text('Handler', (object) => object.handler ?? ''), ageColumn],
  'scheduling.k8s.io/PriorityClass': [
    nameColumn,
    integer('Value', (object) => object.value ?? 0),
    { name: 'Global-Default', type: 'boolean', cell: (object) => object.globalDefault ?? false },
    ageColumn,
    text('PreemptionPolicy', (object) => object.preemptionPolicy ?? ''),
  ],
  'coordination.k8s.io/Lease': [
    nameColumn,
    text('Holder', (object) => object.spec?.holderIdentity ?? ''),
    ageColumn,
  ],
};
