/** Requests whose oracle is upstream kube-apiserver 1.20.2. */
import type { Scenario } from '../step.ts';
import * as access from './access.ts';
import { APPLY } from './apply.ts';
import * as cluster from './cluster.ts';
import * as config from './config.ts';
import { CONFIGMAPS } from './configmaps.ts';
import { CUSTOM } from './custom.ts';
import { DISCOVERY } from './discovery.ts';
import { ERRORS } from './errors.ts';
import { LISTS } from './lists.ts';
import { METADATA } from './metadata.ts';
import * as moreKinds from './more-kinds.ts';
import * as network from './network.ts';
import { POD_OPERATIONS } from './pod-operations.ts';
import { PODS } from './pods.ts';
import * as registration from './registration.ts';
import * as services from './services.ts';
import * as signing from './signing.ts';
import * as workloads from './workloads.ts';

/** Modules of many scenarios: all that they export. */
const FAMILIES = [config, cluster, services, workloads, network, moreKinds, registration, signing, access];

export const CORE: readonly Scenario[] = [
  CONFIGMAPS,
  ERRORS,
  LISTS,
  METADATA,
  APPLY,
  CUSTOM,
  DISCOVERY,
  PODS,
  POD_OPERATIONS,
  ...FAMILIES.flatMap((family): Scenario[] => Object.values(family)),
];
