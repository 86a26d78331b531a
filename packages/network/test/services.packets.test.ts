import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressesOf, hostAddressOf } from '../src/cluster/addresses.ts';
import { type ClusterState, clusterTable } from '../src/cluster-table.ts';
import type { EndpointSlice, Pod, Service } from '../src/services/objects.ts';
import { servicePortsOf } from '../src/services/service-ports.ts';
import { Dialer } from './dial.ts';
import { Lab, type LabPod, whyNoLab } from './lab.ts';
import { pod, service, slice } from './objects.ts';

const why = whyNoLab();

describe.skipIf(why !== undefined)('Services, with real packets', () => {
  let lab: Lab;
  let a: LabPod;
  let b: LabPod;
  let client: LabPod;
  let fromClient: Dialer;
  let fromA: Dialer;
  let fromHost: Dialer;
  let fromNode: Dialer;

  beforeAll(async () => {
    lab = await Lab.create('svc');
    a = await lab.pod('a');
    b = await lab.pod('b');
    client = await lab.pod('client');
    await Promise.all([a.serve(8080, 9090), b.serve(8080)]);
    fromClient = new Dialer(client.netns);
    fromA = new Dialer(a.netns);
    fromHost = new Dialer();
    fromNode = new Dialer(lab.netns);
  });
  afterAll(async () => {
    for (const dialer of [fromClient, fromA, fromHost, fromNode]) dialer?.close();
    await lab?.close();
  });

  const apply = (services: Service[], slices: EndpointSlice[], apiPods: Pod[] = []) => {
    const state: ClusterState = {
      ports: servicePortsOf(services, slices, 'n'),
      apiPods,
      policies: [],
      pods: [],
      namespaces: [],
    };
    return lab.nft.apply(clusterTable(state, addressesOf(lab.network, ['203.0.113.9'])));
  };
  const ports = [
    { name: 't', port: 8080, protocol: 'TCP' },
    { name: 'u', port: 8080, protocol: 'UDP' },
  ];
  const both = (of: string) => slice(of, ports, [{ addresses: [a.ip] }, { addresses: [b.ip] }]);
  const spec = (clusterIP: string, more = {}) => ({
    clusterIP,
    ports: [
      { name: 't', port: 80, protocol: 'TCP', nodePort: 30080 },
      { name: 'u', port: 80, protocol: 'UDP', nodePort: 30080 },
    ],
    ...more,
  });
  const answers = async (
    dialer: Dialer,
    ip: string,
    port: number,
    protocol: 'tcp' | 'udp' = 'tcp',
    times = 24,
  ) => new Set(await Promise.all(Array.from({ length: times }, () => dialer.dial(ip, port, protocol))));

  it('pods reach each other and the node without address translation', async () => {
    expect(await fromClient.dial(a.ip, 8080)).toBe(`a ${client.ip}`);
    expect(await fromNode.dial(a.ip, 8080)).toBe(`a ${lab.network.gateway}`);
  });

  it('the machine reaches pods by an address of its own range', async () => {
    await apply([], []);
    expect(await fromHost.dial(hostAddressOf(lab.network, a.ip), 8080)).toBe(`a ${lab.network.link.host}`);
  });

  it('a cluster address spreads connections over the endpoints, TCP and UDP, from pods and the node', async () => {
    await apply([service('s', spec('10.96.0.10'))], [both('s')]);
    const wanted = new Set([`a ${client.ip}`, `b ${client.ip}`]);
    expect(await answers(fromClient, '10.96.0.10', 80)).toEqual(wanted);
    expect(await answers(fromClient, '10.96.0.10', 80, 'udp')).toEqual(wanted);
    expect((await answers(fromNode, '10.96.0.10', 80)).size).toBe(2);
  });

  it('a pod reaches itself through its Service', async () => {
    await apply([service('s', spec('10.96.0.10'))], [slice('s', ports, [{ addresses: [a.ip] }])]);
    expect(await fromA.dial('10.96.0.10', 80)).toMatch(/^a /);
    expect(await fromA.dial('10.96.0.10', 80, 'udp')).toMatch(/^a /);
  });

  it('a NodePort answers on the node, and on its address towards the machine', async () => {
    await apply([service('s', spec('10.96.0.10', { type: 'NodePort' }))], [both('s')]);
    const node = hostAddressOf(lab.network, lab.network.gateway);
    const wanted = new Set([`a ${lab.network.link.host}`, `b ${lab.network.link.host}`]);
    expect(await answers(fromHost, node, 30080)).toEqual(wanted);
    expect((await answers(fromClient, lab.network.gateway, 30080, 'udp')).size).toBe(2);
    // the machine's own, by which a node may be known
    expect((await answers(fromClient, '203.0.113.9', 30080)).size).toBe(2);
  });

  it('a Service without endpoints refuses at once, also one that just lost them', async () => {
    await apply([service('s', spec('10.96.0.10'))], [both('s')]);
    await apply([service('s', spec('10.96.0.10'))], []);
    expect(await fromClient.dial('10.96.0.10', 80)).toBe('refused');
    expect(await fromClient.dial('10.96.0.10', 80, 'udp')).toBe('refused');
    expect(await fromNode.dial('10.96.0.10', 80)).toBe('refused');
    expect(await fromHost.dial(hostAddressOf(lab.network, lab.network.gateway), 30080)).toBe('refused');
    expect(await fromClient.dial('10.96.0.10', 81)).toBe('refused');
  });

  it('session affinity keeps a client on one endpoint, also over updates and a restart', async () => {
    const sticky = spec('10.96.0.10', {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 30 } },
    });
    await apply([service('s', sticky)], [both('s')]);
    const [first] = await answers(fromClient, '10.96.0.10', 80, 'tcp', 1);
    await apply([service('s', sticky), service('t', spec('10.96.0.11'))], [both('s'), both('t')]);
    lab.nft.forget();
    await apply([service('s', sticky)], [both('s')]);
    expect(await answers(fromClient, '10.96.0.10', 80)).toEqual(new Set([first]));
  });

  it('affinity ends with its time', async () => {
    const sticky = spec('10.96.0.10', {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 1 } },
    });
    await apply([service('s', sticky)], [both('s')]);
    const seen = new Set<string>();
    for (let i = 0; i < 12 && seen.size < 2; i++) {
      seen.add(await fromClient.dial('10.96.0.10', 80));
      await new Promise((resolve) => setTimeout(resolve, 1200));
    }
    expect(seen.size).toBe(2);
  });

  it('with the policy Local only endpoints of the node take part, but for clients within the cluster', async () => {
    const endpoints = [
      { addresses: [a.ip], nodeName: 'n' },
      { addresses: [b.ip], nodeName: 'other' },
    ];
    const local = service(
      's',
      spec('10.96.0.10', {
        type: 'NodePort',
        externalTrafficPolicy: 'Local',
        internalTrafficPolicy: 'Local',
      }),
    );
    await apply([local], [slice('s', ports, endpoints)]);
    const node = hostAddressOf(lab.network, lab.network.gateway);
    expect(await answers(fromHost, node, 30080)).toEqual(new Set([`a ${lab.network.link.host}`]));
    expect(await answers(fromClient, '10.96.0.10', 80)).toEqual(new Set([`a ${client.ip}`]));
    expect((await answers(fromClient, lab.network.gateway, 30080)).size).toBe(2);
    await apply([local], [slice('s', ports, endpoints.slice(1))]);
    expect(await fromHost.dial(node, 30080, 'tcp', 400)).toBe('timeout');
    expect(await fromClient.dial('10.96.0.10', 80, 'tcp', 400)).toBe('timeout');
  });

  it('a load balancer is reached at its address from pods and at the link from the machine, within its ranges', async () => {
    const balanced = (ranges: string[]) =>
      service('s', spec('10.96.0.10', { type: 'LoadBalancer', loadBalancerSourceRanges: ranges }), {
        loadBalancer: { ingress: [{ ip: '192.0.2.7' }] },
      });
    await apply([balanced([])], [both('s')]);
    expect((await answers(fromClient, '192.0.2.7', 80)).size).toBe(2);
    expect((await answers(fromHost, lab.network.link.inner, 80)).size).toBe(2);
    await apply([balanced(['10.244.0.0/16', '10.244.0.0/24'])], [both('s')]);
    expect((await answers(fromClient, '192.0.2.7', 80)).size).toBe(2);
    expect(await fromHost.dial(lab.network.link.inner, 80, 'tcp', 400)).toBe('timeout');
  });

  it('a host port leads to its pod', async () => {
    const holder = pod(
      'a',
      {
        containers: [
          {
            name: 'c',
            ports: [
              { containerPort: 9090, hostPort: 7000 },
              { containerPort: 8080, hostPort: 7001, protocol: 'UDP' },
            ],
          },
        ],
      },
      { podIP: a.ip },
    );
    await apply([], [], [holder]);
    expect(await fromHost.dial(hostAddressOf(lab.network, lab.network.gateway), 7000)).toBe(
      `a ${lab.network.link.host}`,
    );
    expect(await fromClient.dial(lab.network.gateway, 7001, 'udp')).toBe(`a ${client.ip}`);
  });

  it('the same rules again are no work, and rules of an unknown writer are replaced', async () => {
    await apply([service('s', spec('10.96.0.10'))], [both('s')]);
    expect(await apply([service('s', spec('10.96.0.10'))], [both('s')])).toBe(false);
    await lab.nft.remove('sampan');
    expect(await apply([service('s', spec('10.96.0.10'))], [both('s')])).toBe(true);
    expect((await answers(fromClient, '10.96.0.10', 80)).size).toBe(2);
  });
});
