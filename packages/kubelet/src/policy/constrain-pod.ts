import type { k8s } from '@sampan/api';
import type { HostPolicy } from './host-policy.ts';
import { refusedEphemeral } from './host-refusal.ts';

/**
 * The pod as this machine runs it: ephemeral containers that the policy refuses are left out (the pod goes on; tell
 * their `refused` reasons as events), and where the policy wants pods confined, those that name no seccomp profile
 * have the runtime's. Pure; returns the same pod when there is nothing to change.
 */
export function constrainPod(
  pod: k8s.Pod,
  policy: HostPolicy,
): { readonly pod: k8s.Pod; readonly refused: ReadonlyMap<string, string> } {
  const refused = refusedEphemeral(pod, policy);
  const { spec } = pod;
  if (!spec || (policy.unconfined && refused.size === 0)) return { pod, refused };
  const ephemeralContainers = (spec.ephemeralContainers ?? []).filter(({ name }) => !refused.has(name));
  const securityContext = policy.unconfined
    ? spec.securityContext
    : { ...spec.securityContext, seccompProfile: { type: 'RuntimeDefault' } };
  return {
    refused,
    pod: {
      ...pod,
      spec: {
        ...spec,
        ...(spec.ephemeralContainers && { ephemeralContainers }),
        ...(securityContext && { securityContext }),
      },
    },
  };
}

/** The runtime's handler for a class that names `wanted`; undefined: no class. Throws Error when it is not allowed. */
export function allowedHandler(wanted: string | undefined, { handlers }: HostPolicy): string {
  const [first = 'runc'] = handlers === '*' ? [] : handlers;
  if (wanted === undefined || wanted === '') return first;
  if (handlers === '*' || handlers.includes(wanted)) return wanted;
  throw new Error(`the host policy does not allow the runtime handler ${JSON.stringify(wanted)}`);
}
