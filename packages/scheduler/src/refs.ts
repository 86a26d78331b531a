import { CLAIMS, REFS, type ResourceRef, STORAGE_CLASSES, VOLUMES } from '@sampan/machinery';

const storage = (resource: string, kind: string): ResourceRef => ({
  group: 'storage.k8s.io',
  version: 'v1',
  resource,
  kind,
  namespaced: false,
});

/** What the scheduler follows. */
export const RESOURCES = {
  pods: REFS.pods,
  nodes: REFS.nodes,
  namespaces: REFS.namespaces,
  claims: CLAIMS,
  volumes: VOLUMES,
  storageClasses: STORAGE_CLASSES,
  csiNodes: storage('csinodes', 'CSINode'),
  budgets: {
    group: 'policy',
    version: 'v1',
    resource: 'poddisruptionbudgets',
    kind: 'PodDisruptionBudget',
    namespaced: true,
  },
} as const satisfies Record<string, ResourceRef>;
