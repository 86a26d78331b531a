import { expect, test } from 'vitest';
import { createMessages, updateMessages } from '../core/testing.ts';
import { endpointSliceRules } from '../discovery/endpointslice.ts';
import type { KindRules } from '../kinds/resource.ts';
import { podDisruptionBudgetRules } from '../policy/poddisruptionbudget.ts';
import { ingressRules } from './ingress.ts';
import { ingressClassRules } from './ingressclass.ts';
import { ipAddressRules } from './ipaddress.ts';
import { networkPolicyRules } from './networkpolicy.ts';
import { serviceCidrRules } from './servicecidr.ts';

const backend = { service: { name: 'web', port: { number: 80 } } };
const path = (fields: Record<string, unknown>): Record<string, unknown> => ({
  spec: { rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend, ...fields }] } }] },
});
const PATH = 'spec.rules[0].http.paths[0]';
const peer = (fields: Record<string, unknown>): Record<string, unknown> => ({
  spec: { podSelector: {}, ingress: [{ from: [fields] }] },
});

test.each<[string, KindRules, Record<string, unknown>, string[]]>([
  [
    'an ingress leads somewhere',
    ingressRules,
    {},
    ['spec: Invalid value: null: either `defaultBackend` or `rules` must be specified'],
  ],
  [
    'a path has a type',
    ingressRules,
    path({ pathType: null }),
    [`${PATH}.pathType: Required value: pathType must be specified`],
  ],
  [
    'a prefix is absolute and plain',
    ingressRules,
    path({ path: 'a//b/..' }),
    [
      `${PATH}.path: Invalid value: "a//b/..": must be an absolute path`,
      `${PATH}.path: Invalid value: "a//b/..": must not contain '//'`,
      `${PATH}.path: Invalid value: "a//b/..": cannot end with '/..'`,
    ],
  ],
  [
    'a backend is a service or a resource',
    ingressRules,
    path({ backend: {} }),
    [`${PATH}.backend: Invalid value: "": resource or service backend is required`],
  ],
  [
    'a host is no address',
    ingressRules,
    { spec: { defaultBackend: backend, rules: [{ host: '1.2.3.4' }] } },
    ['spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address'],
  ],
  [
    'class and annotation agree',
    ingressRules,
    {
      metadata: { annotations: { 'kubernetes.io/ingress.class': 'a' } },
      spec: { defaultBackend: backend, ingressClassName: 'b' },
    },
    [
      'annotations.kubernetes.io/ingress.class: Invalid value: "a": must match `ingressClassName` when both are specified',
    ],
  ],
  [
    'parameters in a namespace name it',
    ingressClassRules,
    { spec: { controller: 'example.com/x', parameters: { kind: 'K', name: 'n', scope: 'Namespace' } } },
    ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
  ],
  [
    'a peer is somebody',
    networkPolicyRules,
    peer({}),
    ['spec.ingress[0].from[0]: Required value: must specify a peer'],
  ],
  [
    'an exception lies in its range',
    networkPolicyRules,
    peer({ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }),
    [
      'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
    ],
  ],
  [
    'a range of ports starts with a number',
    networkPolicyRules,
    { spec: { podSelector: {}, egress: [{ ports: [{ port: 'http', endPort: 90 }] }] } },
    ['spec.egress[0].ports[0].endPort: Invalid value: 90: may not be specified when `port` is non-numeric'],
  ],
  ['an address belongs to somebody', ipAddressRules, {}, ['spec.parentRef: Required value']],
  [
    'a service range is there',
    serviceCidrRules,
    { spec: { cidrs: [] } },
    ['spec.cidrs: Required value: at least one CIDR required'],
  ],
  [
    'addresses are of the type they say',
    endpointSliceRules,
    { addressType: 'IPv4', endpoints: [{ addresses: ['fd00::1'] }] },
    ['endpoints[0].addresses[0]: Invalid value: "fd00::1": must be a valid IPv4 address'],
  ],
  [
    'a budget has one bound',
    podDisruptionBudgetRules,
    { spec: { minAvailable: 1, maxUnavailable: '101%' } },
    [
      'spec: Invalid value: {"MaxUnavailable":"101%","MinAvailable":1,"Selector":null,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
      'spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
    ],
  ],
])('%s', (_, rules, fields, expected) => {
  expect(createMessages(rules, fields)).toEqual(expected);
});

test('a service range gains a second family and keeps the first', () => {
  const range = (...cidrs: string[]): Record<string, unknown> => ({ spec: { cidrs } });
  expect(updateMessages(serviceCidrRules, range('10.0.0.0/16'), range('10.0.0.0/16', 'fd00::/112'))).toEqual(
    [],
  );
  expect(updateMessages(serviceCidrRules, range('10.0.0.0/16'), range('10.1.0.0/16'))).toEqual([
    'spec.cidrs[0]: Invalid value: "10.1.0.0/16": field is immutable',
  ]);
});

test('a range that was stored may stay, however it is written', () => {
  const odd = peer({ ipBlock: { cidr: '010.0.0.0/8' } });
  expect(createMessages(networkPolicyRules, odd)).not.toEqual([]);
  expect(updateMessages(networkPolicyRules, odd, odd)).toEqual([]);
});

test('an address has the name that it is', () => {
  expect(ipAddressRules.validateName?.('10.0.0.1', false)).toEqual([]);
  expect(ipAddressRules.validateName?.('10.0.0.01', false)).not.toEqual([]);
});
