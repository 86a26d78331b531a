import { errors, type KubeObject } from '@sampan/api';
import type { Hop, NodeAnswerer } from './contract.ts';

/** The agent of the node that a pod is bound to. Throws ServiceUnavailable. */
export function agentOf({ request, options }: Hop): NodeAnswerer {
  return agentNamed(options, String(request.object.spec?.nodeName ?? ''));
}

export function agentNamed({ agent }: Hop['options'], node: string): NodeAnswerer {
  const found = agent(node);
  if (!found) throw errors.serviceUnavailable(`node ${JSON.stringify(node)} has no agent on this machine`);
  return found;
}

const MIRROR = 'kubernetes.io/config.mirror';

/** As the node knows the pod: that of a static pod is not the one of the object which shows it. */
export function uidOf(pod: KubeObject): string {
  return pod.metadata.annotations?.[MIRROR] ?? pod.metadata.uid ?? '';
}
