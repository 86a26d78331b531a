import type { Column } from '../kinds/resource.ts';
import { ageColumn, integer, text } from './cells.ts';

/** Columns of a Scale, the subresource of built-in kinds (pkg/printers/internalversion). */
export const scaleColumns: readonly Column[] = [
  text('Name', (object) => object.metadata.name ?? ''),
  integer('Desired', (object) => object.spec?.replicas ?? 0),
  integer('Available', (object) => object.status?.replicas ?? 0),
  ageColumn,
];
