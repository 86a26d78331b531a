import type { Clock, Logger } from '@sampan/base';
import type { Client, ObjectReader } from '@sampan/machinery';
import type { ServiceAllocators } from '../allocators/service-allocators.ts';
import type { Authorizer } from '../auth/contract.ts';
import type { RbacIndex } from '../auth/rbac/rbac-index.ts';
import type { ResourceTable } from '../registry/resource-table.ts';
import type { HttpsCaller } from '../webhooks/https-caller.ts';
import type { PodSecurityOptions } from './pod-security/options.ts';

/** What the built-in plug-ins work with. */
export interface AdmissionOptions {
  readonly reader: ObjectReader;
  readonly authorizer: Authorizer;
  /** Rules that users hold, for checks that nobody hands out more than they have. */
  readonly rbac: RbacIndex;
  readonly clock: Clock;
  readonly log: Logger;
  /** Addresses and ports of Services, already rebuilt from the stored ones. */
  readonly services: ServiceAllocators;
  /** Writes the use of quotas; asked for once requests are served. */
  client(): Client;
  /** The way to webhooks. */
  readonly caller: HttpsCaller;
  /** What is served; asked for once requests are served. */
  resources(): ResourceTable;
  /** Cluster-wide defaults and exemptions; default: everything is privileged where no label says otherwise. */
  readonly podSecurity?: PodSecurityOptions;
  /** Also run plug-ins that upstream does not run by default: `OwnerReferencesPermissionEnforcement`. */
  readonly enable?: readonly string[];
}
