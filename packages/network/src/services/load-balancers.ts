import type { k8s } from '@sampan/api';
import type { HostPort } from '../cluster/host-table.ts';
import { nameOf, protocolOf, type Service } from './objects.ts';

/** What the status of a Service of type LoadBalancer should say; `waitsFor`: who has a port of it. */
export interface BalancerPlan {
  readonly service: Service;
  /** undefined: it says so already. */
  readonly ingress: readonly { readonly ip: string }[] | undefined;
  readonly waitsFor: string | undefined;
}

/**
 * The machine's address is the load balancer of all Services that ask for one and name no other class. A port leads
 * to the oldest Service that wants it; others wait, as do all for ports that the machine keeps for itself. What is no
 * load balancer any more loses it. Those are returned whose status must change or who wait. Pure.
 */
export function planBalancers(
  services: Iterable<Service>,
  address: string,
  mayExpose: (port: Pick<HostPort, 'protocol' | 'port'>) => boolean,
): BalancerPlan[] {
  const holders = new Map<string, string>();
  const holderOf = ({ protocol: text, port }: k8s.ServicePort): string | undefined => {
    const protocol = protocolOf(text);
    if (protocol !== undefined && !mayExpose({ protocol, port })) return 'the machine itself';
    return holders.get(keyOf(text, port));
  };
  const plans: BalancerPlan[] = [];
  const all = [...services];
  for (const service of all.filter(isOurs).sort(byAge)) {
    const ports = service.spec?.ports ?? [];
    const waitsFor = ports.map(holderOf).find((holder) => holder !== undefined);
    if (waitsFor === undefined)
      for (const { protocol, port } of ports)
        holders.set(keyOf(protocol, port), `the load balancer of Service ${nameOf(service)}`);
    const ingress = waitsFor === undefined ? [{ ip: address }] : [];
    const present = ingressOf(service);
    const isSame = present.length === ingress.length && present.every((ip, i) => ip === ingress[i]?.ip);
    if (!isSame || waitsFor !== undefined)
      plans.push({ service, ingress: isSame ? undefined : ingress, waitsFor });
  }
  for (const service of all)
    if (service.spec?.type !== 'LoadBalancer' && ingressOf(service).includes(address))
      plans.push({ service, ingress: [], waitsFor: undefined });
  return plans;
}

const keyOf = (protocol: string | undefined, port: number): string => `${protocol ?? 'TCP'}/${port}`;

const ingressOf = ({ status }: Service): (string | undefined)[] =>
  (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip);

const isOurs = ({ spec, metadata }: Service): boolean =>
  spec?.type === 'LoadBalancer' &&
  spec.loadBalancerClass === undefined &&
  metadata.deletionTimestamp === undefined;

function byAge(a: Service, b: Service): number {
  const key = (service: Service) => `${service.metadata.creationTimestamp ?? ''} ${nameOf(service)}`;
  return key(a) < key(b) ? -1 : 1;
}
