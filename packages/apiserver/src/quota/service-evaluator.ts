import type { KubeObject } from '@sampan/api';
import { Quantity } from '@sampan/base';
import type { Evaluator } from './evaluators.ts';

const NAMES: ReadonlySet<string> = new Set([
  'count/services',
  'services',
  'services.loadbalancers',
  'services.nodeports',
]);

/** Services, their node ports and load balancers (kubernetes pkg/quota/v1/evaluator/core/services.go). */
export const serviceEvaluator: Evaluator = {
  counts: (name) => NAMES.has(name),
  handles: (operation, subresource) =>
    (operation === 'CREATE' || operation === 'UPDATE') && subresource === '',
  usage(service) {
    const balancer = service.spec?.type === 'LoadBalancer';
    return new Map([
      ['count/services', Quantity.of(1)],
      ['services', Quantity.of(1)],
      ['services.loadbalancers', Quantity.of(balancer ? 1 : 0)],
      ['services.nodeports', Quantity.of(nodePorts(service))],
    ]);
  },
};

function nodePorts(service: KubeObject): number {
  const ports: { nodePort?: number }[] = service.spec?.ports ?? [];
  const type: string = service.spec?.type ?? 'ClusterIP';
  if (type === 'NodePort') return ports.length;
  if (type !== 'LoadBalancer') return 0;
  if (service.spec?.allocateLoadBalancerNodePorts !== false) return ports.length;
  return ports.filter(({ nodePort }) => nodePort).length;
}
