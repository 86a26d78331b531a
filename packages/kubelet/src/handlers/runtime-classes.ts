import type { k8s } from '@sampan/api';

/** The runtime classes of a node with these handlers beside `runc`; for the API, where they are missing (node.k8s.io/v1). */
export function runtimeClasses(handlers: readonly string[]): k8s.RuntimeClass[] {
  return ['runc', ...handlers].map((handler) => ({
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name: handler },
    handler,
    ...(OVERHEADS[handler] && { overhead: { podFixed: OVERHEADS[handler] } }),
  }));
}

/** What a pod takes beside its containers: gVisor's own kernel and its file servers. */
const OVERHEADS: Readonly<Record<string, Record<string, string>>> = { gvisor: { memory: '64Mi' } };
