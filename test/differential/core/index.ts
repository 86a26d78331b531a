/** Requests whose oracle is upstream kube-apiserver 1.20.2. */
import type { Scenario } from '../step.ts';
import * as cluster from './cluster.ts';
import * as config from './config.ts';
import { CONFIGMAPS } from './configmaps.ts';
import { ERRORS } from './errors.ts';
import { LISTS } from './lists.ts';
import * as moreKinds from './more-kinds.ts';
import * as network from './network.ts';
import { PODS } from './pods.ts';
import * as services from './services.ts';
import * as workloads from './workloads.ts';

/** Modules of many scenarios: all that they export. */
const FAMILIES = [config, cluster, services, workloads, network, moreKinds];

export const CORE: readonly Scenario[] = [
  CONFIGMAPS,
  ERRORS,
  LISTS,
  PODS,
  ...FAMILIES.flatMap((family): Scenario[] => Object.values(family)),
];
