import { nameOf, type Service } from './objects.ts';

/** What the status of a Service of type LoadBalancer should say; `waitsFor`: the Service that has a port of it. */
export interface BalancerPlan {
  readonly service: Service;
  /** undefined: it says so already. */
  readonly ingress: readonly { readonly ip: string }[] | undefined;
  readonly waitsFor: string | undefined;
}

/**
 * The machine's address is the load balancer of all Services that ask for one and name no other class. A port leads
 * to the oldest Service that wants it; others wait. What is no load balancer any more loses it. Those are returned whose status must change or who wait. Pure.
 */
export function planBalancers(services: Iterable<Service>, address: string): BalancerPlan[] {
  const holders = new Map<string, string>();
  const plans: BalancerPlan[] = [];
  const all = [...services];
  for (const service of all.filter(isOurs).sort(byAge)) {
    const keys = (service.spec?.ports ?? []).map(({ protocol = 'TCP', port }) => `${protocol}/${port}`);
    const taken = keys.find((key) => holders.has(key));
    if (taken === undefined) for (const key of keys) holders.set(key, nameOf(service));
    const waitsFor = taken === undefined ? undefined : holders.get(taken);
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
