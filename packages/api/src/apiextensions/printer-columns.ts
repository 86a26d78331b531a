import type { Column } from '../kinds/resource.ts';
import type { KubeObject } from '../meta/object.ts';
import { canonical, goFloat } from './canonical.ts';
import { humanDuration } from './human-duration.ts';
import { parseJsonPath } from './json-path.ts';

/** apiextensions.k8s.io/v1 CustomResourceColumnDefinition. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
  readonly jsonPath: string;
}

const NAME_DESCRIPTION =
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names';
const AGE_DESCRIPTION =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata';

const NAME_COLUMN: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: NAME_DESCRIPTION,
  cell: (object) => object.metadata.name ?? '',
};
const AGE: PrinterColumn = {
  name: 'Age',
  type: 'date',
  description: AGE_DESCRIPTION,
  jsonPath: '.metadata.creationTimestamp',
};

/**
 * The table columns of a custom resource: the name, then the additional printer columns, or the age when
 * there are none. A column whose path cannot be read ends the list, as upstream's converter does. Source:
 * apiextensions-apiserver pkg/registry/customresource/tableconvertor.
 */
export function columnsOf(columns: readonly PrinterColumn[] | undefined): Column[] {
  const made: Column[] = [NAME_COLUMN];
  for (const column of columns && columns.length > 0 ? columns : [AGE]) {
    let find: (root: unknown) => unknown[];
    try {
      find = parseJsonPath(column.jsonPath);
    } catch {
      break; // what upstream serves then: the columns so far
    }
    made.push(columnOf(column, find));
  }
  return made;
}

/** The columns of a custom resource's Scale (apiextensions-apiserver pkg/apiserver getScaleColumnsForVersion). */
export const customScaleColumns: readonly Column[] = columnsOf([
  {
    name: 'Desired',
    type: 'integer',
    description: 'Number of desired replicas',
    jsonPath: '.spec.replicas',
  },
  {
    name: 'Available',
    type: 'integer',
    description: 'Number of actual replicas',
    jsonPath: '.status.replicas',
  },
  AGE,
]);

function columnOf(column: PrinterColumn, find: (root: unknown) => unknown[]): Column {
  return {
    name: column.name,
    type: column.type as Column['type'],
    ...(column.format ? { format: column.format } : {}),
    description:
      column.description || `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
    priority: column.priority ?? 0,
    cell(object: KubeObject, now: number) {
      const value = find(object)[0];
      return value === undefined || value === null ? null : cellOf(column.type, value, now);
    },
  };
}

function cellOf(type: string, value: unknown, now: number): string | number | bigint | boolean | null {
  switch (type) {
    case 'string':
      return textOf(value);
    case 'integer':
      if (typeof value === 'bigint') return value;
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? ageOf(value, now) : null;
    default:
      return null;
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return goFloat(value);
  if (typeof value === 'object') return JSON.stringify(canonical(value));
  return String(value);
}

const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

function ageOf(text: string, now: number): string {
  if (text === '') return '<unknown>';
  const time = TIMESTAMP.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? '<invalid>' : humanDuration(now - time);
}
