import { list, type Part } from '../core/shared.ts';
import type { Column } from '../kinds/resource.ts';
import type { KubeObject } from '../meta/object.ts';
import {
  ageColumn,
  formatLabels,
  formatSelector,
  integer,
  NONE,
  nameColumn,
  text,
  UNSET,
  wide,
  withMore,
} from './cells.ts';

function loadBalancerAddresses(object: KubeObject): string {
  const addresses = list(object.status?.loadBalancer?.ingress).map(
    ({ ip, hostname }) => ip || hostname || '',
  );
  return [...new Set(addresses.filter((address) => address !== ''))].sort().join(',');
}

function externalIp(service: KubeObject): string {
  const { type, externalIPs, externalName } = service.spec ?? {};
  const ips: string = list(externalIPs).join(',');
  switch (type) {
    case 'ClusterIP':
    case 'NodePort':
      return ips || NONE;
    case 'LoadBalancer':
      return [loadBalancerAddresses(service), ips].filter((part) => part !== '').join(',') || '<pending>';
    case 'ExternalName':
      return externalName ?? '';
    default:
      return '<unknown>';
  }
}

function servicePorts(service: KubeObject): string {
  const ports = list(service.spec?.ports).map(({ port, nodePort, protocol }) =>
    nodePort > 0 ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return ports.join(',') || NONE;
}

/** The first three hosts; rules without a host take a place in the count only. */
function hosts(ingress: KubeObject): string {
  const rules = list(ingress.spec?.rules);
  const shown: string[] = [];
  let more = false;
  for (const { host } of rules) {
    if (shown.length === 3) more = true;
    if (!more && host) shown.push(host);
  }
  if (shown.length === 0) return '*';
  return more ? `${shown.join(',')} + ${rules.length - 3} more...` : shown.join(',');
}

function classParameters(ingressClass: KubeObject): string {
  const parameters = ingressClass.spec?.parameters;
  if (parameters === undefined) return NONE;
  const group = parameters.apiGroup ? `.${parameters.apiGroup}` : '';
  return `${parameters.kind}${group}/${parameters.name}`;
}

function parentOf(address: KubeObject): string {
  const parent = address.spec?.parentRef;
  if (parent === undefined) return NONE;
  const resource = parent.group ? `${parent.resource}.${parent.group}` : parent.resource;
  return [String(resource).toLowerCase(), parent.namespace, parent.name].filter(Boolean).join('/');
}

const slicePort = ({ port, name }: Part): string => (port === undefined ? (name ?? '*') : String(port));

const amount = (value: Part): string => (value === undefined ? 'N/A' : String(value));

export const networkingColumns: Readonly<Record<string, readonly Column[]>> = {
  '/Service': [
    nameColumn,
    text('Type', (object) => object.spec?.type ?? ''),
    text('Cluster-IP', (object) => list(object.spec?.clusterIPs)[0] ?? NONE),
    text('External-IP', externalIp),
    text('Port(s)', servicePorts),
    ageColumn,
    wide(text('Selector', (object) => formatLabels(object.spec?.selector))),
  ],
  'discovery.k8s.io/EndpointSlice': [
    nameColumn,
    text('AddressType', (object) => object.addressType ?? ''),
    text('Ports', (object) => withMore(list(object.ports).map(slicePort), 3, UNSET)),
    text('Endpoints', (object) =>
      withMore(
        list(object.endpoints).flatMap((e) => list(e.addresses)),
        3,
        UNSET,
      ),
    ),
    ageColumn,
  ],
  'networking.k8s.io/IPAddress': [nameColumn, text('ParentRef', parentOf), ageColumn],
  'networking.k8s.io/Ingress': [
    nameColumn,
    text('Class', (object) => object.spec?.ingressClassName ?? NONE),
    text('Hosts', hosts),
    text('Address', loadBalancerAddresses),
    text('Ports', (object) => (list(object.spec?.tls).length > 0 ? '80, 443' : '80')),
    ageColumn,
  ],
  'networking.k8s.io/IngressClass': [
    nameColumn,
    text('Controller', (object) => object.spec?.controller ?? ''),
    text('Parameters', classParameters),
    ageColumn,
  ],
  'networking.k8s.io/NetworkPolicy': [
    nameColumn,
    text('Pod-Selector', (object) => formatSelector(object.spec?.podSelector ?? {})),
    ageColumn,
  ],
  'networking.k8s.io/ServiceCIDR': [
    nameColumn,
    text('CIDRs', (object) => list(object.spec?.cidrs).join(',')),
    ageColumn,
  ],
  'policy/PodDisruptionBudget': [
    nameColumn,
    text('Min Available', (object) => amount(object.spec?.minAvailable)),
    text('Max Unavailable', (object) => amount(object.spec?.maxUnavailable)),
    integer('Allowed Disruptions', (object) => object.status?.disruptionsAllowed ?? 0),
    ageColumn,
  ],
};
