import type { KubeObject } from '../../meta/object.ts';
import { list } from '../shared.ts';
import { isHeadless } from './facts.ts';

const HINTS = 'service.kubernetes.io/topology-aware-hints';
const MODE = 'service.kubernetes.io/topology-mode';

/** GetWarningsForService */
export function serviceWarnings(service: KubeObject): string[] {
  const warnings: string[] = [];
  if (service.metadata.annotations?.[HINTS] !== undefined) {
    warnings.push(
      `annotation ${HINTS} is deprecated, please use ${MODE} instead. This annotation will no longer be functional in a future release`,
    );
  }
  if (isHeadless(service)) {
    if (service.spec.loadBalancerIP)
      warnings.push('spec.loadBalancerIP is ignored when spec.clusterIP is "None"');
    if (list(service.spec.externalIPs).length > 0) {
      warnings.push('spec.externalIPs is ignored when spec.clusterIP is "None"');
    }
    if ((service.spec.sessionAffinity ?? 'None') !== 'None') {
      warnings.push('spec.SessionAffinity is ignored for headless services');
    }
  }
  return warnings;
}
