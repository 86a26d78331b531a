import type { KubeObject } from '@sampan/api';
import { type Amounts, addTo, amountsOf, raiseTo } from './amounts.ts';

interface Container {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly resources?: Readonly<Record<'requests' | 'limits', Readonly<Record<string, unknown>> | undefined>>;
}

/** Resources that can be set for a whole pod (KEP-2837); of others only the containers' count. */
const isPodLevel = (name: string): boolean =>
  name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

/**
 * What a pod needs: the sum of its containers, at least what its start takes, with sidecars running along
 * (KEP-753), or what is set for the pod itself; `overhead` adds that of its runtime. As k8s.io/component-helpers
 * resource PodRequests and PodLimits.
 */
export function podAmounts(pod: KubeObject, list: 'requests' | 'limits', overhead: boolean): Amounts {
  const { containers = [], initContainers = [], resources } = pod.spec ?? {};
  const total: Amounts = new Map();
  for (const container of containers as Container[]) addTo(total, of(container, list));
  const sidecars: Amounts = new Map();
  const start: Amounts = new Map();
  for (const container of initContainers as Container[]) {
    if (container.restartPolicy === 'Always') {
      addTo(total, of(container, list));
      addTo(sidecars, of(container, list));
      raiseTo(start, sidecars);
    } else {
      const during = new Map(sidecars);
      addTo(during, of(container, list));
      raiseTo(start, during);
    }
  }
  raiseTo(total, start);
  for (const [name, quantity] of amountsOf(resources?.[list])) {
    if (isPodLevel(name)) total.set(name, quantity);
  }
  if (overhead) addOverhead(total, amountsOf(pod.spec?.overhead), list);
  return total;
}

const of = (container: Container, list: 'requests' | 'limits'): Amounts =>
  amountsOf(container.resources?.[list]);

/** What has no limit gets none by its runtime's overhead. */
function addOverhead(total: Amounts, overhead: Amounts, list: 'requests' | 'limits'): void {
  for (const [name, quantity] of overhead) {
    const present = total.get(name);
    if (present) total.set(name, present.add(quantity));
    else if (list === 'requests') total.set(name, quantity);
  }
}
