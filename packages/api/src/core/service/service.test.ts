import { describe, expect, test } from 'vitest';
import { fieldErrorMessage } from '../../meta/field-error.ts';
import { created, createMessages, objectOf, updateMessages } from '../testing.ts';
import { initIpFamilies } from './ip-families.ts';
import { serviceRules } from './rules.ts';

const service = (spec: Record<string, unknown>): Record<string, unknown> => ({
  spec: { ports: [{ port: 80 }], ...spec },
});

describe('Service', () => {
  test('defaults type, ports, affinity and policies', () => {
    expect(
      created(serviceRules, service({ type: 'LoadBalancer', sessionAffinity: 'ClientIP' })).spec,
    ).toEqual({
      type: 'LoadBalancer',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
      externalTrafficPolicy: 'Cluster',
      internalTrafficPolicy: 'Cluster',
      allocateLoadBalancerNodePorts: true,
    });
  });

  test.each<[string, Record<string, unknown>, string[]]>([
    ['accepts a plain service', {}, []],
    ['needs ports', { ports: [] }, ['spec.ports: Required value']],
    ['needs no ports when headless', { ports: [], clusterIP: 'None' }, []],
    [
      'needs names for several ports',
      { ports: [{ port: 80 }, { port: 81 }] },
      ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value'],
    ],
    [
      'shows a repeated port as upstream does',
      {
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 80 },
        ],
      },
      [
        'spec.ports[1]: Duplicate value: {"AppProtocol":null,"Name":"","NodePort":0,"Port":80,"Protocol":"TCP","TargetPort":0}',
      ],
    ],
    [
      'refuses node ports on a cluster IP',
      { ports: [{ port: 80, nodePort: 30080 }] },
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [
      'refuses an unknown type',
      { type: 'Odd' },
      [
        'spec.type: Unsupported value: "Odd": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
      ],
    ],
    [
      'needs a name of an external service',
      { type: 'ExternalName', ports: [] },
      ['spec.externalName: Required value'],
    ],
    [
      'refuses special external IPs',
      { externalIPs: ['127.0.0.1', '0.0.0.0'] },
      [
        'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
        'spec.externalIPs[1]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
      ],
    ],
    [
      'refuses a load balancer class elsewhere',
      { loadBalancerClass: 'example.com/x' },
      ["spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"],
    ],
    [
      'bounds the affinity time',
      { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } } },
      [
        'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be greater than 0 and less than 86400',
      ],
    ],
  ])('%s', (_, spec, expected) => {
    expect(createMessages(serviceRules, service(spec))).toEqual(expected);
  });

  const running = service({
    clusterIP: '10.96.0.5',
    clusterIPs: ['10.96.0.5'],
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
  });

  test('gets its address back when an update leaves it out', () => {
    const bare = service({ ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' });
    expect(updateMessages(serviceRules, running, bare)).toEqual([]);
  });

  test('keeps its first address', () => {
    const moved = service({
      ...(running.spec as object),
      clusterIP: '10.96.0.6',
      clusterIPs: ['10.96.0.6'],
    });
    expect(updateMessages(serviceRules, running, moved)).toEqual([
      'spec.clusterIPs[0]: Invalid value: ["10.96.0.6"]: may not change once set',
    ]);
  });

  test('loses its address when it becomes an external name', () => {
    const external = {
      spec: { ...(running.spec as object), type: 'ExternalName', externalName: 'a.example.com' },
    };
    expect(updateMessages(serviceRules, running, external)).toEqual([]);
  });

  test('loses its node ports when it becomes a cluster IP', () => {
    const nodePort = service({ type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] });
    const old = created(serviceRules, nodePort);
    const object = objectOf(service({ ports: [{ port: 80, nodePort: 30080 }], type: 'ClusterIP' }));
    serviceRules.prepareForUpdate?.(object, old, { now: 0 });
    expect(object.spec.ports).toEqual([{ port: 80 }]);
    expect(object.spec).not.toHaveProperty('externalTrafficPolicy');
  });
});

describe('IP families', () => {
  const init = (spec: Record<string, unknown>, available: string[], oldSpec?: Record<string, unknown>) => {
    const object = objectOf(service(spec));
    const old = oldSpec ? objectOf(service(oldSpec)) : undefined;
    const errors = initIpFamilies(object, old, available).map(fieldErrorMessage);
    return { errors, policy: object.spec.ipFamilyPolicy, families: object.spec.ipFamilies };
  };

  test.each<[string, Record<string, unknown>, string[], { policy: string; families: string[] }]>([
    ['default to one', {}, ['IPv4'], { policy: 'SingleStack', families: ['IPv4'] }],
    [
      'prefer two where there are two',
      { ipFamilyPolicy: 'PreferDualStack' },
      ['IPv6', 'IPv4'],
      { policy: 'PreferDualStack', families: ['IPv6', 'IPv4'] },
    ],
    [
      'follow the address',
      { clusterIP: 'fd00::1', clusterIPs: ['fd00::1'] },
      ['IPv4', 'IPv6'],
      { policy: 'SingleStack', families: ['IPv6'] },
    ],
    [
      'are both without a selector',
      { clusterIP: 'None', clusterIPs: ['None'] },
      ['IPv4'],
      { policy: 'RequireDualStack', families: ['IPv4', 'IPv6'] },
    ],
  ])('%s', (_, spec, available, expected) => {
    expect(init(spec, available)).toEqual({ errors: [], ...expected });
  });

  test('are refused when the cluster has them not', () => {
    expect(init({ ipFamilyPolicy: 'RequireDualStack' }, ['IPv4']).errors).toEqual([
      'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    ]);
    expect(init({ ipFamilies: ['IPv6'] }, ['IPv4']).errors).toEqual([
      'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
    ]);
  });
});

test('says what it ignores and what is going away', () => {
  const warnings = serviceRules.warnings?.(
    objectOf(
      service({
        type: 'ClusterIP',
        clusterIP: 'None',
        externalIPs: ['1.2.3.4'],
        externalName: 'a.example.com',
        trafficDistribution: 'PreferClose',
      }),
    ),
    undefined,
  );
  expect(warnings).toEqual([
    'spec.externalIPs is ignored for headless services',
    'spec.externalName is ignored when spec.type is not "ExternalName"',
    'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
  ]);
});
