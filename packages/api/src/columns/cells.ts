import { list, type Part } from '../core/shared.ts';
import type { Column } from '../kinds/resource.ts';
import type { KubeObject } from '../meta/object.ts';
import { compileLabelSelector } from '../validation/label-selector.ts';
import { since } from './duration.ts';

/** Parts that tables of many kinds share. A server-made table has all columns, wide ones with priority 1. */
export const NONE = '<none>';
export const UNSET = '<unset>';

type Cell = Column['cell'];

export const text = (name: string, cell: Cell): Column => ({ name, type: 'string', cell });
export const integer = (name: string, cell: Cell): Column => ({ name, type: 'integer', cell });
export const boolean = (name: string, cell: Cell): Column => ({ name, type: 'boolean', cell });

/** Shown with `-o wide` only. */
export const wide = (column: Column): Column => ({ ...column, priority: 1 });

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique in its namespace',
  cell: (object) => object.metadata.name ?? '',
};

export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was created',
  cell: (object, now) => since(object.metadata.creationTimestamp, now),
};

/** Kinds without columns of their own. */
export const createdAtColumns: readonly Column[] = [
  nameColumn,
  {
    name: 'Created At',
    type: 'date',
    description: 'When the object was created',
    cell: (object) => object.metadata.creationTimestamp ?? null,
  },
];

/** `a=b,c=d` by key, or `<none>`. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length > 0 ? pairs.sort().join(',') : NONE;
}

export function formatSelector(selector: Part): string {
  return selectorText(selector) || NONE;
}

/** The selector's text; empty when it selects all or nothing. */
export function selectorText(selector: Part): string {
  try {
    return compileLabelSelector(selector).toString();
  } catch {
    return '<error>';
  }
}

const containersOf = (template: Part): Part[] => list(template?.spec?.containers);

/** The wide columns of kinds with a pod template. */
export function templateColumns(template: (object: KubeObject) => Part): Column[] {
  return [
    wide(
      text('Containers', (object) =>
        containersOf(template(object))
          .map(({ name }) => name)
          .join(','),
      ),
    ),
    wide(
      text('Images', (object) =>
        containersOf(template(object))
          .map(({ image }) => image ?? '')
          .join(','),
      ),
    ),
  ];
}

/** The first `max` of `all`, and how many more there are. */
export function withMore(all: readonly string[], max: number, empty: string, separator = ','): string {
  const shown = all.slice(0, max).join(separator);
  if (all.length > max) return `${shown} + ${all.length - max} more...`;
  return shown === '' ? empty : shown;
}

export const sizeOf = (map: Part): number => Object.keys(map ?? {}).length;

/** A default class is marked by either annotation. */
export function classColumn(annotations: readonly string[]): Column {
  const isDefault = (object: KubeObject): boolean =>
    annotations.some((key) => object.metadata.annotations?.[key] === 'true');
  return {
    ...nameColumn,
    cell: (object) => `${object.metadata.name ?? ''}${isDefault(object) ? ' (default)' : ''}`,
  };
}
