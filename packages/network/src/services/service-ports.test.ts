import { describe, expect, it } from 'vitest';
import { pod, service, slice } from '../../test/objects.ts';
import { clusterNetwork } from '../cluster/addresses.ts';
import { wantedHostPorts } from '../cluster/host-table.ts';
import { TableBuilder } from '../nft/table.ts';
import { addHostPorts, hostPortsOf } from './host-ports.ts';
import { planBalancers } from './load-balancers.ts';
import { servicePortsOf } from './service-ports.ts';
import { addServices } from './service-rules.ts';
import { staleUdpEndpoints } from './stale-flows.ts';

const port = { name: '', port: 8080, protocol: 'TCP' };
const one = (spec: object, endpoints: object[] = [{ addresses: ['10.244.0.2'] }], status = {}) =>
  servicePortsOf(
    [service('s', { clusterIP: '10.96.0.1', ports: [{ port: 80 }], ...spec }, status)],
    [slice('s', [port], endpoints)],
    'n',
  );
const endpointsOf = (endpoints: object[]) => one({}, endpoints)[0]?.endpoints;

describe('the ports of Services', () => {
  it.each([
    ['headless', { clusterIP: 'None' }],
    ['without an address yet', { clusterIP: '' }],
    ['of type ExternalName', { type: 'ExternalName', externalName: 'a.b' }],
    ['without ports', { ports: [] }],
    ['with a protocol that is none', { ports: [{ port: 80, protocol: 'ICMP' }] }],
  ])('are none for a Service %s', (_, spec) => {
    expect(one(spec)).toEqual([]);
  });

  it('leave Services of other proxies alone', () => {
    const other = service('s', { clusterIP: '10.96.0.1', ports: [{ port: 80 }] });
    other.metadata.labels = { 'service.kubernetes.io/service-proxy-name': 'x' };
    expect(servicePortsOf([other], [], 'n')).toEqual([]);
  });

  it.each([
    [
      'ready or unknown',
      [{ addresses: ['10.0.0.2'], conditions: { ready: true } }, { addresses: ['10.0.0.3'] }],
      ['10.0.0.2', '10.0.0.3'],
    ],
    [
      'ready before ending',
      [
        { addresses: ['10.0.0.2'] },
        { addresses: ['10.0.0.3'], conditions: { ready: false, serving: true, terminating: true } },
      ],
      ['10.0.0.2'],
    ],
    [
      'ending that still serve, when none is ready',
      [
        { addresses: ['10.0.0.3'], conditions: { ready: false, serving: true, terminating: true } },
        { addresses: ['10.0.0.4'], conditions: { ready: false, serving: false, terminating: true } },
      ],
      ['10.0.0.3'],
    ],
    ['each once', [{ addresses: ['10.0.0.2'] }, { addresses: ['10.0.0.2'] }], ['10.0.0.2']],
    ['IPv4', [{ addresses: ['fd00::1'] }, { addresses: ['x; flush ruleset'] }], []],
  ])('have the endpoints that are %s', (_, endpoints, ips) => {
    expect(endpointsOf(endpoints)?.all.map(({ ip }) => ip)).toEqual(ips);
  });

  it('know which endpoints are local, and prefer a local one that ends to none', () => {
    const endpoints = [
      { addresses: ['10.0.0.2'], nodeName: 'other' },
      {
        addresses: ['10.0.0.3'],
        nodeName: 'n',
        conditions: { ready: false, serving: true, terminating: true },
      },
    ];
    expect(endpointsOf(endpoints)).toEqual({
      all: [{ ip: '10.0.0.2', port: 8080 }],
      local: [{ ip: '10.0.0.3', port: 8080 }],
    });
  });

  it('carry affinity with upstream’s default, and ranges merged', () => {
    expect(one({ sessionAffinity: 'ClientIP' })[0]?.affinitySeconds).toBe(10_800);
    const balanced = {
      type: 'LoadBalancer',
      loadBalancerSourceRanges: ['10.0.0.0/8', ' 10.1.0.0/16 ', '192.0.2.1/32'],
    };
    expect(one(balanced)[0]?.sourceRanges).toEqual(['10.0.0.0-10.255.255.255', '192.0.2.1']);
  });

  it('have a balancer’s addresses unless it must be passed through', () => {
    const status = {
      loadBalancer: {
        ingress: [{ ip: '192.0.2.1' }, { ip: '192.0.2.2', ipMode: 'Proxy' }, { hostname: 'x' }],
      },
    };
    expect(one({ type: 'LoadBalancer' }, [], status)[0]).toMatchObject({
      externalIps: ['192.0.2.1'],
      isLoadBalancer: true,
    });
    expect(one({ type: 'NodePort' }, [], status)[0]).toMatchObject({
      externalIps: [],
      isLoadBalancer: false,
    });
  });
});

describe('the rules of Services', () => {
  const addresses = {
    podRange: '10.244.0.0/24',
    serviceRange: '10.96.0.0/12',
    nodeAddresses: ['10.244.0.1'],
    balancerAddresses: ['100.112.0.1'],
  };
  const tableOf = (ports: ReturnType<typeof one>) => {
    const table = new TableBuilder();
    addServices(table, ports, addresses);
    return table.build('t');
  };

  it('take SCTP as they take TCP', () => {
    const ports = servicePortsOf(
      [service('s', { clusterIP: '10.96.0.1', ports: [{ port: 80, protocol: 'SCTP' }] })],
      [slice('s', [{ name: '', port: 9, protocol: 'SCTP' }], [{ addresses: ['10.244.0.2'] }])],
      'n',
    );
    const { sets, chains } = tableOf(ports);
    const verdict = sets.get('service-ports')?.elements?.get('10.96.0.1 . sctp . 80') ?? '';
    expect(chains.get(verdict.replace('goto ', ''))?.rules).toEqual([
      'meta l4proto sctp dnat ip to 10.244.0.2:9',
    ]);
  });

  it('give a port that two Services want to the older one', () => {
    const of = (name: string, created: string) => {
      const object = service(name, { clusterIP: '10.96.0.1', ports: [{ port: 80, nodePort: 30_000 }] });
      object.metadata.creationTimestamp = created;
      return object;
    };
    const slices = [
      slice('a', [port], [{ addresses: ['10.244.0.2'] }]),
      slice('b', [port], [{ addresses: ['10.244.0.3'] }]),
    ];
    const { sets } = tableOf(
      servicePortsOf([of('a', '2026-01-02T00:00:00Z'), of('b', '2026-01-01T00:00:00Z')], slices, 'n'),
    );
    expect(sets.get('node-ports')?.elements?.get('tcp . 30000')).toMatch(/ns\/b\/tcp\/80$/);
  });

  it('contain nothing of an object that could be a command', () => {
    const evil = service('s', { clusterIP: '10.96.0.1', ports: [{ port: 80 }] });
    evil.metadata.name = 'a }; flush ruleset; #';
    const bad = slice(evil.metadata.name, [port], [{ addresses: ['10.244.0.2'] }]);
    const { chains, sets } = tableOf(servicePortsOf([evil], [bad], 'n'));
    const text = JSON.stringify([
      [...chains],
      [...sets].map(([name, set]) => [name, [...(set.elements ?? [])]]),
    ]);
    expect(text).not.toMatch(/flush ruleset/);
  });
});

describe('host ports', () => {
  it('are of running pods with an address of their own', () => {
    const holder = (name: string, spec: object, status: object) =>
      pod(
        name,
        { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 8080 }] }], ...spec },
        { podIP: '10.244.0.2', ...status },
      );
    const table = new TableBuilder();
    addHostPorts(table, [
      holder('host', { hostNetwork: true }, {}),
      holder('done', {}, { phase: 'Succeeded' }),
      holder('second', {}, { podIP: '10.244.0.4' }),
      holder('first', {}, { podIP: '10.244.0.3' }),
    ]);
    expect([...(table.build('t').sets.get('any-host-ports')?.elements ?? [])]).toEqual([
      ['tcp . 8080', '10.244.0.3 . 80'],
    ]);
  });
});

describe('host ports at one address', () => {
  const at = (hostIP: string) => ({ containerPort: 80, hostPort: 8080, hostIP });
  const pods = [
    pod(
      'p',
      { containers: [{ name: 'c', ports: [at('127.0.0.1'), at('0.0.0.0'), at('::1')] }] },
      { podIP: '10.244.0.7' },
    ),
  ];

  it('lead from there straight to the pod, and others by way of the node', () => {
    const network = clusterNetwork({ name: 's1', index: 5 });
    expect(wantedHostPorts(network, [], hostPortsOf(pods))).toEqual([
      { address: '127.0.0.1', protocol: 'tcp', port: 8080, to: { ip: '100.64.5.7', port: 80 } },
      { protocol: 'tcp', port: 8080, to: { ip: '100.64.5.1', port: 8080 } },
    ]);
  });
});

describe('UDP endpoints that are stale', () => {
  it('are those that no Service has any more', () => {
    const udp = (ips: string[]) =>
      servicePortsOf(
        [service('s', { clusterIP: '10.96.0.1', ports: [{ port: 53, protocol: 'UDP' }] })],
        [
          slice(
            's',
            [{ name: '', port: 53, protocol: 'UDP' }],
            ips.map((ip) => ({ addresses: [ip] })),
          ),
        ],
        'n',
      );
    expect(staleUdpEndpoints(udp(['10.0.0.2', '10.0.0.3']), udp(['10.0.0.3']))).toEqual([
      { ip: '10.0.0.2', port: 53 },
    ]);
    expect(staleUdpEndpoints(one({}), [])).toEqual([]);
  });
});

describe('load balancers', () => {
  const balanced = (name: string, created: string, ports = [80], status = {}) => {
    const object = service(
      name,
      { type: 'LoadBalancer', clusterIP: '10.96.0.1', ports: ports.map((of) => ({ port: of })) },
      status,
    );
    object.metadata.creationTimestamp = created;
    return object;
  };
  const notSsh = ({ port }: { port: number }) => port !== 22;
  const at = (ip: string) => ({ loadBalancer: { ingress: [{ ip }] } });
  const plan = (...services: ReturnType<typeof balanced>[]) =>
    planBalancers(services, '192.0.2.1', notSsh).map(({ service: of, ingress, waitsFor }) => [
      of.metadata.name,
      ingress?.length,
      waitsFor,
    ]);

  it('have the machine’s address, the older one of two that want the same port', () => {
    expect(plan(balanced('b', '2'), balanced('a', '1'), balanced('c', '3', [81]))).toEqual([
      ['a', 1, undefined],
      ['b', undefined, 'the load balancer of Service ns/a'],
      ['c', 1, undefined],
    ]);
  });

  it('lose it when an older one wants their port, and are left alone when all is said', () => {
    expect(
      plan(balanced('a', '1', [80], at('192.0.2.1')), balanced('b', '2', [80], at('192.0.2.1'))),
    ).toEqual([['b', 0, 'the load balancer of Service ns/a']]);
    expect(plan(balanced('a', '1', [80], at('192.0.2.9')))).toEqual([['a', 1, undefined]]);
  });

  it('wait for ports that the machine keeps for itself', () => {
    expect(plan(balanced('a', '1', [80, 22]), balanced('b', '2'))).toEqual([
      ['a', undefined, 'the machine itself'],
      ['b', 1, undefined],
    ]);
  });

  it('that are none any more lose it', () => {
    const before = service('s', { type: 'ClusterIP', ports: [{ port: 80 }] }, at('192.0.2.1'));
    expect(planBalancers([before], '192.0.2.1', notSsh)).toMatchObject([{ ingress: [] }]);
  });

  it('of another class are somebody else’s', () => {
    const other = service('o', { type: 'LoadBalancer', loadBalancerClass: 'x/y', ports: [{ port: 80 }] });
    expect(planBalancers([other], '192.0.2.1', notSsh)).toEqual([]);
  });
});
