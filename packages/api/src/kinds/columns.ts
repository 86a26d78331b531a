import { accessColumns } from '../columns/access.ts';
import { autoscalingColumns } from '../columns/autoscaling.ts';
import { coreColumns } from '../columns/core.ts';
import { networkingColumns } from '../columns/networking.ts';
import { registrationColumns } from '../columns/registration.ts';
import { storageColumns } from '../columns/storage.ts';
import { workloadColumns } from '../columns/workloads.ts';
import type { Column } from './resource.ts';

/**
 * Table columns by `GROUP/Kind` (core: `/Pod`), as upstream's printers; a kind that is not here has a name
 * and when it was created.
 */
export const kindColumns: Readonly<Record<string, readonly Column[]>> = {
  ...accessColumns,
  ...autoscalingColumns,
  ...coreColumns,
  ...networkingColumns,
  ...registrationColumns,
  ...storageColumns,
  ...workloadColumns,
};
