import type { KubeObject } from '@sampan/api';
import type { ResourceRef } from '@sampan/machinery';
import { RESOURCES } from './refs.ts';
import type { SchedulerCore } from './scheduler-core.ts';
import type { Pod } from './types.ts';

/** Tells the core of objects of one resource. */
export interface Handler {
  put(core: SchedulerCore, object: KubeObject): void;
  remove(core: SchedulerCore, object: KubeObject): void;
}

const nameOf = ({ metadata }: KubeObject): string => metadata.name ?? '';
const namespaceOf = ({ metadata }: KubeObject): string => metadata.namespace ?? '';

/** What the core is told of; objects are as their resource says. */
export const FEED: ReadonlyMap<ResourceRef, Handler> = new Map<ResourceRef, Handler>([
  [
    RESOURCES.namespaces,
    {
      put: (core, object) => core.putNamespace(object),
      remove: (core, object) => core.removeNamespace(nameOf(object)),
    },
  ],
  [
    RESOURCES.nodes,
    {
      put: (core, object) => core.putNode(object),
      remove: (core, object) => core.removeNode(nameOf(object)),
    },
  ],
  [
    RESOURCES.claims,
    {
      put: (core, object) => core.putClaim(object),
      remove: (core, object) => core.removeClaim(namespaceOf(object), nameOf(object)),
    },
  ],
  [
    RESOURCES.volumes,
    {
      put: (core, object) => core.putVolume(object),
      remove: (core, object) => core.removeVolume(nameOf(object)),
    },
  ],
  [
    RESOURCES.storageClasses,
    {
      put: (core, object) => core.putStorageClass(object as Parameters<typeof core.putStorageClass>[0]),
      remove: (core, object) => core.removeStorageClass(nameOf(object)),
    },
  ],
  [
    RESOURCES.csiNodes,
    {
      put: (core, object) => core.putCSINode(object),
      remove: (core, object) => core.removeCSINode(nameOf(object)),
    },
  ],
  [
    RESOURCES.budgets,
    {
      put: (core, object) => core.putBudget(object),
      remove: (core, object) => core.removeBudget(namespaceOf(object), nameOf(object)),
    },
  ],
  [
    RESOURCES.pods,
    {
      put: (core, object) => core.putPod(object as Pod),
      remove: (core, object) => core.removePod(object as Pod),
    },
  ],
]);
