import type { Clock } from '@sampan/base';
import type { Store } from '@sampan/store';
import type { AdmissionChain } from '../admission/chain.ts';
import type { ResourceTable } from './resource-table.ts';

/** One cluster as the verbs see it. */
export interface Cluster {
  readonly store: Store;
  readonly clock: Clock;
  readonly resources: ResourceTable;
  readonly admission: AdmissionChain;
}
