/** networking.k8s.io, discovery.k8s.io, policy: what has selectors, ports and backends. */
import { kindScenario, namespace } from '../build.ts';

const backend = (name: string, port: object) => ({ service: { name, port } });
const http = (...paths: object[]) => ({ 'spec/rules': [{ host: 'a.example.com', http: { paths } }] });
const ONE = backend('web', { number: 80 });

export const INGRESSES = kindScenario({
  name: 'ingresses',
  before: [namespace('trial-network')],
  collection: '/apis/networking.k8s.io/v1/namespaces/trial-network/ingresses',
  object: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'front' },
    spec: {
      ingressClassName: 'nginx',
      rules: [{ host: 'a.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend: ONE }] } }],
    },
  },
  cases: {
    'no rules and no backend': { spec: {} },
    'default backend': { spec: { defaultBackend: backend('web', { name: 'http' }) } },
    'default backend without a port': { spec: { defaultBackend: { service: { name: 'web' } } } },
    'default backend with two ports': {
      spec: { defaultBackend: backend('web', { name: 'http', number: 80 }) },
    },
    'default backend with nothing': { spec: { defaultBackend: {} } },
    'resource backend': {
      spec: { defaultBackend: { resource: { apiGroup: 'example.com', kind: 'Bucket', name: 'b' } } },
    },
    'backend of both kinds': {
      spec: { defaultBackend: { ...ONE, resource: { kind: 'Bucket', name: 'b' } } },
    },
    'no path type': http({ path: '/', backend: ONE }),
    'unknown path type': http({ path: '/', pathType: 'Odd', backend: ONE }),
    'path without a slash': http({ path: 'a', pathType: 'Prefix', backend: ONE }),
    'path with dots': http({ path: '/a/../b', pathType: 'Exact', backend: ONE }),
    'path with escaped slashes': http({ path: '/a%2fb', pathType: 'Prefix', backend: ONE }),
    'path of the controller': http({ path: '/[a', pathType: 'ImplementationSpecific', backend: ONE }),
    'no paths': http(),
    'no backend': http({ path: '/', pathType: 'Prefix' }),
    'bad service name': http({ path: '/', pathType: 'Prefix', backend: backend('A_', { number: 80 }) }),
    'bad port': http({ path: '/', pathType: 'Prefix', backend: backend('a', { number: 70000 }) }),
    'host that is an address': { 'spec/rules/0/host': '1.2.3.4' },
    'host with capitals': { 'spec/rules/0/host': 'A.example.com' },
    'wildcard host': { 'spec/rules/0/host': '*.example.com' },
    'bad wildcard host': { 'spec/rules/0/host': 'a.*.com' },
    TLS: { 'spec/tls': [{ hosts: ['a.example.com'], secretName: 's' }] },
    'bad TLS': { 'spec/tls': [{ hosts: ['A_'], secretName: 'B_' }] },
    'bad class name': { 'spec/ingressClassName': 'A B' },
    'class name and annotation': { 'metadata/annotations': { 'kubernetes.io/ingress.class': 'nginx' } },
  },
  updates: { 'change the rules': { 'spec/rules/0/host': 'b.example.com' } },
  status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
});

export const INGRESS_CLASSES = kindScenario({
  name: 'ingressclasses',
  collection: '/apis/networking.k8s.io/v1/ingressclasses',
  object: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'trial-class' },
    spec: { controller: 'example.com/ingress' },
  },
  cases: {
    'controller without a slash': { 'spec/controller': 'ingress' },
    'controller too long': { 'spec/controller': `example.com/${'a'.repeat(250)}` },
    'no controller': { 'spec/controller': undefined },
    parameters: { 'spec/parameters': { apiGroup: 'example.com', kind: 'Setting', name: 's' } },
    'bad parameters': { 'spec/parameters': { kind: 'A/B' } },
  },
  updates: { 'change the controller': { 'spec/controller': 'example.com/other' } },
});

export const NETWORK_POLICIES = kindScenario({
  name: 'networkpolicies',
  before: [namespace('trial-network')],
  collection: '/apis/networking.k8s.io/v1/namespaces/trial-network/networkpolicies',
  object: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'np' },
    spec: { podSelector: {} },
  },
  cases: {
    'no spec': { spec: undefined },
    'egress gives both types': { 'spec/egress': [{}] },
    ports: { 'spec/ingress': [{ ports: [{ port: 80 }, { port: 'http', protocol: 'UDP' }] }] },
    'bad ports': { 'spec/ingress': [{ ports: [{ port: 0 }, { port: 'A B' }, { protocol: 'Odd' }] }] },
    peers: {
      'spec/ingress': [
        {
          from: [
            { podSelector: { matchLabels: { a: 'b' } }, namespaceSelector: {} },
            { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } },
          ],
        },
      ],
    },
    'bad peers': {
      'spec/ingress': [
        {
          from: [
            {},
            { podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } },
            { ipBlock: { cidr: 'x' } },
            { ipBlock: { cidr: '10.0.0.0/8', except: ['192.168.0.0/16'] } },
            { ipBlock: {} },
          ],
        },
      ],
    },
    types: { 'spec/policyTypes': ['Egress'] },
    'unknown type': { 'spec/policyTypes': ['Odd'] },
    'too many types': { 'spec/policyTypes': ['Ingress', 'Egress', 'Ingress'] },
    'bad selector': { 'spec/podSelector': { matchExpressions: [{ key: 'a', operator: 'In' }] } },
  },
  updates: { 'change the selector': { 'spec/podSelector': { matchLabels: { a: 'b' } } } },
});

export const ENDPOINT_SLICES = kindScenario({
  name: 'endpointslices',
  spelled: [['discovery.k8s.io/v1', 'discovery.k8s.io/v1beta1']],
  before: [namespace('trial-network')],
  collection: '/apis/discovery.k8s.io/v1/namespaces/trial-network/endpointslices',
  object: {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'es' },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.1.1'], conditions: { ready: true } }],
    ports: [{ port: 80 }],
  },
  cases: {
    'no address type': { addressType: undefined },
    'unknown address type': { addressType: 'Odd' },
    'IPv6 addresses of IPv4': { addressType: 'IPv6' },
    names: { addressType: 'FQDN', endpoints: [{ addresses: ['a.example.com'] }] },
    'bad addresses': { endpoints: [{ addresses: ['x', '127.0.0.1'] }] },
    'no addresses': { endpoints: [{ addresses: [] }] },
    'bad hostname': { endpoints: [{ addresses: ['10.1.1.1'], hostname: 'a.b' }] },
    'ports twice': { ports: [{ port: 80 }, { port: 81 }] },
    'bad port name': { ports: [{ name: 'A_', port: 80 }] },
    'unknown protocol': { ports: [{ name: 'a', port: 80, protocol: 'Odd' }] },
    'app protocol': { ports: [{ port: 80, appProtocol: 'http' }] },
  },
  updates: {
    'change the address type': { addressType: 'IPv6', endpoints: [] },
    'change addresses': { 'endpoints/0/addresses': ['10.1.1.2'] },
  },
});

export const DISRUPTION_BUDGETS = kindScenario({
  name: 'poddisruptionbudgets',
  spelled: [['policy/v1', 'policy/v1beta1']],
  before: [namespace('trial-network')],
  collection: '/apis/policy/v1/namespaces/trial-network/poddisruptionbudgets',
  object: {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'pdb' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'none' } } },
  },
  cases: {
    'both numbers': { 'spec/maxUnavailable': 1 },
    percent: { 'spec/minAvailable': '50%' },
    'bad percent': { 'spec/minAvailable': 'half' },
    'percent too high': { 'spec/minAvailable': '150%' },
    negative: { 'spec/minAvailable': -1 },
    neither: { 'spec/minAvailable': undefined },
    'bad selector': { 'spec/selector': { matchExpressions: [{ key: 'a', operator: 'Odd' }] } },
  },
  updates: { 'change the number': { 'spec/minAvailable': 2 } },
});
