import type { Column, KubeObject } from '@sampan/api';
import type { OutputFormat } from './negotiate.ts';

/** What a row carries of its object (`includeObject` of TableOptions). */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

interface ColumnDefinition {
  name: string;
  type: string;
  format: string;
  description: string;
  priority: number;
}

/** What can be shown as a table: a resource, or a subresource with an object of its own. */
export interface Tabular {
  readonly columns: readonly Column[];
}

/** metav1.Table of objects; list metadata is added by the caller. `headers` false: rows only (`noHeaders`). */
export function tableOf(
  { columns }: Tabular,
  objects: readonly KubeObject[],
  format: OutputFormat,
  include: IncludeObject,
  now: number,
  headers = true,
) {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${format.version}`,
    metadata: {} as Record<string, unknown>,
    columnDefinitions: headers ? columns.map(definitionOf) : null,
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, now)),
      object: include === 'None' ? null : include === 'Object' ? object : partialOf(object, format),
    })),
  };
}

function definitionOf(column: Column): ColumnDefinition {
  return {
    name: column.name,
    type: column.type,
    format: column.format ?? '',
    description: column.description ?? '',
    priority: column.priority ?? 0,
  };
}

/** metav1.PartialObjectMetadata of an object. */
export function partialOf(object: KubeObject, format: OutputFormat) {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: `meta.k8s.io/${format.version}`,
    metadata: object.metadata,
  };
}
