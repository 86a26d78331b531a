import { list, type Part, quantity } from '../core/shared.ts';
import type { Column } from '../kinds/resource.ts';
import type { KubeObject } from '../meta/object.ts';
import { ageColumn, NONE, nameColumn, text, UNSET, withMore } from './cells.ts';

const UNKNOWN = '<unknown>';

/** The field that holds a metric of a type. */
const FIELDS: Readonly<Record<string, string>> = {
  External: 'external',
  Pods: 'pods',
  Object: 'object',
  Resource: 'resource',
  ContainerResource: 'containerResource',
};

const percent = (value: number | undefined, absent: string): string =>
  value === undefined ? absent : `${value}%`;

/** Targets of resources: an average amount, or a share of what pods request. */
function resourceText(name: string, target: Part, current: Part): string {
  if (target?.averageValue !== undefined) {
    const now = current === undefined ? UNKNOWN : quantity(current.averageValue).toString();
    return `${name}: ${now}/${quantity(target.averageValue)}`;
  }
  return `${name}: ${percent(current?.averageUtilization, UNKNOWN)}/${percent(target?.averageUtilization, '<auto>')}`;
}

/** Targets of other metrics: an average over pods, or a value. */
function valueText(target: Part, current: Part): string {
  if (target?.averageValue !== undefined) {
    const now = current?.averageValue === undefined ? UNKNOWN : quantity(current.averageValue).toString();
    return `${now}/${quantity(target.averageValue)} (avg)`;
  }
  return `${current === undefined ? UNKNOWN : quantity(current.value)}/${quantity(target?.value)}`;
}

function metricText(spec: Part, status: Part): string {
  const field = Object.hasOwn(FIELDS, spec.type) ? FIELDS[spec.type] : undefined;
  if (field === undefined) return '<unknown type>';
  const source = spec[field];
  const current = status?.[field]?.current;
  if (field === 'resource' || field === 'containerResource')
    return resourceText(source?.name ?? '', source?.target, current);
  if (field === 'pods') {
    return `${current === undefined ? UNKNOWN : quantity(current.averageValue)}/${quantity(source?.target?.averageValue)}`;
  }
  return valueText(source?.target, current);
}

function targets(autoscaler: KubeObject): string {
  const statuses = list(autoscaler.status?.currentMetrics);
  const texts = list(autoscaler.spec?.metrics).map((metric, i) => metricText(metric, statuses[i]));
  return withMore(texts, 2, NONE, ', ');
}

/** Columns of autoscaling/v2; `toV2` brings an object of another version into that form. */
export function hpaColumns(toV2: (object: KubeObject) => KubeObject): readonly Column[] {
  return [
    nameColumn,
    text(
      'Reference',
      ({ spec }) => `${spec?.scaleTargetRef?.kind ?? ''}/${spec?.scaleTargetRef?.name ?? ''}`,
    ),
    text('Targets', (object) => targets(toV2(object))),
    text('MinPods', (object) =>
      object.spec?.minReplicas === undefined ? UNSET : String(object.spec.minReplicas),
    ),
    text('MaxPods', (object) => object.spec?.maxReplicas ?? 0),
    text('Replicas', (object) => object.status?.currentReplicas ?? 0),
    ageColumn,
  ];
}

export const autoscalingColumns: Readonly<Record<string, readonly Column[]>> = {
  'autoscaling/HorizontalPodAutoscaler': hpaColumns((object) => object),
};
