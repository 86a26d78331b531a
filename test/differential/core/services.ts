/** Services and Endpoints. */
import { get, kindScenario, namespace, patch, post } from '../build.ts';

const port = (...ports: object[]) => ({ 'spec/ports': ports });

export const SERVICES = kindScenario({
  name: 'services',
  before: [namespace('trial-services')],
  collection: '/api/v1/namespaces/trial-services/services',
  object: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  },
  cases: {
    'no ports': { 'spec/ports': [] },
    'no spec': { spec: undefined },
    'two ports without names': port({ port: 80 }, { port: 81 }),
    'two ports': port({ name: 'a', port: 80, targetPort: 'http' }, { name: 'b', port: 81, protocol: 'UDP' }),
    'ports of one name': port({ name: 'a', port: 80 }, { name: 'a', port: 81 }),
    'the same port twice': port({ name: 'a', port: 80 }, { name: 'b', port: 80 }),
    'port zero': port({ port: 0 }),
    'port too high': port({ port: 65536, targetPort: 65536 }),
    'bad port name': port({ name: 'A_', port: 80 }),
    'bad target port name': port({ port: 80, targetPort: 'A B' }),
    'unknown protocol': port({ port: 80, protocol: 'ICMP' }),
    'app protocol': port({ port: 80, appProtocol: 'example.com/x' }),
    'bad app protocol': port({ port: 80, appProtocol: 'a b' }),
    headless: { 'spec/clusterIP': 'None' },
    'headless without ports': { 'spec/clusterIP': 'None', 'spec/ports': [] },
    'clusterIP that is no address': { 'spec/clusterIP': 'x' },
    'clusterIP outside the range': { 'spec/clusterIP': '1.2.3.4' },
    'node port': { 'spec/type': 'NodePort' },
    'node port outside the range': { 'spec/type': 'NodePort', 'spec/ports': [{ port: 80, nodePort: 80 }] },
    'node port on a ClusterIP service': { 'spec/ports': [{ port: 80, nodePort: 30080 }] },
    'load balancer': { 'spec/type': 'LoadBalancer', 'spec/loadBalancerSourceRanges': ['10.0.0.0/8'] },
    'bad load balancer ranges': { 'spec/type': 'LoadBalancer', 'spec/loadBalancerSourceRanges': ['x'] },
    'external name': { spec: { type: 'ExternalName', externalName: 'a.example.com' } },
    'external name that is bad': { spec: { type: 'ExternalName', externalName: 'A_' } },
    'external name that is missing': { spec: { type: 'ExternalName' } },
    'unknown type': { 'spec/type': 'Odd' },
    'session affinity': { 'spec/sessionAffinity': 'ClientIP' },
    'session affinity with a bad time': {
      'spec/sessionAffinity': 'ClientIP',
      'spec/sessionAffinityConfig': { clientIP: { timeoutSeconds: 0 } },
    },
    'unknown session affinity': { 'spec/sessionAffinity': 'Odd' },
    'external IPs': { 'spec/externalIPs': ['1.2.3.4'] },
    'bad external IPs': { 'spec/externalIPs': ['x', '127.0.0.1', '0.0.0.0'] },
    'external traffic policy': { 'spec/type': 'NodePort', 'spec/externalTrafficPolicy': 'Local' },
    'external traffic policy on ClusterIP': { 'spec/externalTrafficPolicy': 'Local' },
    'unknown external traffic policy': { 'spec/type': 'NodePort', 'spec/externalTrafficPolicy': 'Odd' },
    'health check node port on ClusterIP': { 'spec/healthCheckNodePort': 30000 },
    'bad selector': { 'spec/selector': { 'a b': 'c' } },
    'publish not ready addresses': { 'spec/publishNotReadyAddresses': true },
    'name with dots': { 'metadata/name': 'a.b' },
    'name that starts with a digit': { 'metadata/name': '1a' },
    'IP family policy': { 'spec/ipFamilyPolicy': 'PreferDualStack' },
    'required dual stack': { 'spec/ipFamilyPolicy': 'RequireDualStack' },
    'IPv6 family': { 'spec/ipFamilies': ['IPv6'] },
    'unknown family': { 'spec/ipFamilies': ['IPv5'] },
    'unknown family policy': { 'spec/ipFamilyPolicy': 'Odd' },
    'port is text': { 'spec/ports': [{ port: '80' }] },
  },
  updates: {
    'change the cluster address': { 'spec/clusterIP': '10.97.200.200', 'spec/clusterIPs': ['10.97.200.200'] },
    'become a node port': { 'spec/type': 'NodePort' },
    'become headless': { 'spec/clusterIP': 'None', 'spec/clusterIPs': ['None'] },
    'become an external name': { 'spec/type': 'ExternalName', 'spec/externalName': 'a.b' },
    'change the selector': { 'spec/selector': { app: 'other' } },
    'leave out the cluster address': { 'spec/clusterIP': undefined, 'spec/clusterIPs': undefined },
    'leave out the version': { 'metadata/resourceVersion': undefined },
  },
  status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
  after: [
    post('taken node port: first', '/api/v1/namespaces/trial-services/services', {
      metadata: { name: 'np1' },
      spec: { type: 'NodePort', ports: [{ port: 1, nodePort: 31234 }] },
    }),
    post('taken node port: second', '/api/v1/namespaces/trial-services/services', {
      metadata: { name: 'np2' },
      spec: { type: 'NodePort', ports: [{ port: 1, nodePort: 31234 }] },
    }),
    { name: 'free the node port', method: 'DELETE', path: '/api/v1/namespaces/trial-services/services/np1' },
    patch(
      'strategic patch adds a port by number',
      'strategic',
      '/api/v1/namespaces/trial-services/services/web',
      {
        spec: {
          ports: [
            { name: 'first', port: 80 },
            { name: 'more', port: 81 },
          ],
        },
      },
    ),
    patch('strategic patch deletes a port', 'strategic', '/api/v1/namespaces/trial-services/services/web', {
      spec: { ports: [{ port: 81, $patch: 'delete' }] },
    }),
    get(
      'field selector of services',
      '/api/v1/namespaces/trial-services/services?fieldSelector=spec.type%3DClusterIP',
    ),
  ],
});

export const ENDPOINTS = kindScenario({
  name: 'endpoints',
  before: [namespace('trial-services')],
  collection: '/api/v1/namespaces/trial-services/endpoints',
  object: {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'manual' },
    subsets: [{ addresses: [{ ip: '10.1.1.1' }], ports: [{ port: 80 }] }],
  },
  cases: {
    'subsets are packed and sorted': {
      subsets: [
        { addresses: [{ ip: '10.1.1.2' }], ports: [{ port: 80 }] },
        { addresses: [{ ip: '10.1.1.1' }], notReadyAddresses: [{ ip: '10.1.1.3' }], ports: [{ port: 80 }] },
      ],
    },
    'no addresses': { subsets: [{ ports: [{ port: 80 }] }] },
    'no ports': { subsets: [{ addresses: [{ ip: '10.1.1.1' }] }] },
    'bad address': { subsets: [{ addresses: [{ ip: 'x' }], ports: [{ port: 80 }] }] },
    'loopback address': {
      subsets: [
        {
          addresses: [{ ip: '127.0.0.1' }, { ip: '169.254.1.1' }, { ip: '224.0.0.1' }],
          ports: [{ port: 80 }],
        },
      ],
    },
    'bad ports': {
      subsets: [
        {
          addresses: [{ ip: '10.1.1.1' }],
          ports: [{ port: 0 }, { name: 'A', port: 80 }, { name: 'b', port: 81, protocol: 'x' }],
        },
      ],
    },
    'bad hostname': {
      subsets: [{ addresses: [{ ip: '10.1.1.1', hostname: 'a.b', nodeName: 'N' }], ports: [{ port: 80 }] }],
    },
  },
  updates: { 'change the addresses': { 'subsets/0/addresses': [{ ip: '10.1.1.9' }] } },
});
