import type { KubeObject } from '@sampan/api';
import { type Client, REFS, type ResourceRef } from '@sampan/machinery';
import { dnsService, netnsPath, type RunningNetwork, startNetwork } from '@sampan/network';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dialer } from '../../packages/network/test/dial.ts';
import { Lab, type LabPod, whyNoLab } from '../../packages/network/test/lab.ts';
import { type Plane, startPlane } from '../support/plane.ts';
import { resolveFrom, UdpFlow } from './from-pod.ts';

const why = whyNoLab();
const POLICIES = {
  ...REFS.services,
  group: 'networking.k8s.io',
  resource: 'networkpolicies',
  kind: 'NetworkPolicy',
};
const NODE_PORT = 31_234;
const BALANCED_PORT = 18_234;
/** Something on the machine that is no pod's business. */
const MACHINE_PORT = 18_235;

describe.skipIf(why !== undefined)('the network of a cluster follows its API', () => {
  let lab: Lab;
  let plane: Plane;
  let client: Client;
  let network: RunningNetwork;
  let a: LabPod;
  let b: LabPod;
  let caller: LabPod;
  let fromCaller: Dialer;
  let fromHost: Dialer;

  const start = () =>
    startNetwork({
      client,
      network: lab.network,
      node: 'n',
      dns: { upstream: { servers: [] } },
      host: { allowed: { tcp: [], udp: [] }, loadBalancerAddress: '192.0.2.10' },
    });
  beforeAll(async () => {
    lab = await Lab.create('net');
    plane = await startPlane();
    client = plane.control.client('test');
    await create(REFS.namespaces, { metadata: { name: 'ns' } });
    await create(REFS.serviceAccounts, { metadata: { name: 'default', namespace: 'ns' } });
    [a, b, caller] = await Promise.all([lab.pod('a'), lab.pod('b'), lab.pod('caller')]);
    await Promise.all([a.serve(8080), b.serve(8080)]);
    fromCaller = new Dialer(caller.netns);
    fromHost = new Dialer();
    network = start();
    await network.synced;
  });
  afterAll(async () => {
    fromCaller?.close();
    fromHost?.close();
    await network?.stop();
    await network?.removeRules();
    await lab?.close();
    await plane?.close();
  });

  const create = (ref: ResourceRef, object: Partial<KubeObject>) =>
    client.create(ref, {
      apiVersion: ref.group ? `${ref.group}/${ref.version}` : ref.version,
      kind: ref.kind,
      ...object,
    } as KubeObject);
  const inNs = (name: string, labels = {}) => ({ metadata: { name, namespace: 'ns', labels } });
  const podOf = (name: string, labels = {}) =>
    create(REFS.pods, {
      ...inNs(name, labels),
      spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
    });
  const endpointsAre = async (service: string, ips: string[]) => {
    const object = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      ...inNs(`${service}-x`, { 'kubernetes.io/service-name': service }),
      addressType: 'IPv4',
      endpoints: ips.map((ip) => ({ addresses: [ip], nodeName: 'n', conditions: { ready: true } })),
      ports: [
        { name: 't', port: 8080, protocol: 'TCP' },
        { name: 'u', port: 8080, protocol: 'UDP' },
      ],
    } as KubeObject;
    const patch = { endpoints: object.endpoints };
    await client
      .patch(REFS.endpointSlices, 'ns', `${service}-x`, 'merge', patch)
      .catch(() => client.create(REFS.endpointSlices, object));
  };
  const eventually = async (probe: () => Promise<unknown>, wanted: unknown) => {
    await expect.poll(probe, { timeout: 5000, interval: 20 }).toEqual(wanted);
  };

  it('a Service is reached as soon as it has endpoints, and by its name', async () => {
    const { service, slice } = dnsService(lab.network, '10.96.0.10');
    await client.create(REFS.services, service);
    await client.create(REFS.endpointSlices, slice);
    const ports = [
      { name: 't', port: 80, targetPort: 8080, nodePort: NODE_PORT },
      { name: 'u', port: 80, targetPort: 8080, protocol: 'UDP' },
    ];
    await create(REFS.services, {
      ...inNs('web'),
      spec: { type: 'NodePort', clusterIP: '10.96.0.50', ports },
    });
    await endpointsAre('web', [a.ip]);
    await eventually(() => fromCaller.dial('10.96.0.50', 80), `a ${caller.ip}`);
    expect(await resolveFrom(caller.netns, '10.96.0.10', 'web.ns.svc.cluster.local')).toEqual(['10.96.0.50']);
    expect(await resolveFrom(caller.netns, '10.96.0.10', 'other.ns.svc.cluster.local')).toEqual('ENOTFOUND');
  });

  it('a NodePort is reached on the loopback address of the machine, and so is a load balancer', async () => {
    await eventually(() => fromHost.dial('127.0.0.1', NODE_PORT), `a ${lab.network.link.host}`);
    const ports = [{ name: 't', port: BALANCED_PORT, targetPort: 8080 }];
    await create(REFS.services, {
      ...inNs('balanced'),
      spec: { type: 'LoadBalancer', clusterIP: '10.96.0.51', ports },
    });
    await endpointsAre('balanced', [b.ip]);
    await eventually(() => fromHost.dial('127.0.0.1', BALANCED_PORT), `b ${lab.network.link.host}`);
    const { status } = await client.get<KubeObject>(REFS.services, 'ns', 'balanced');
    expect(status).toEqual({ loadBalancer: { ingress: [{ ip: '192.0.2.10', ipMode: 'VIP' }] } });
    expect(await fromCaller.dial('192.0.2.10', BALANCED_PORT)).toBe(`b ${caller.ip}`);
    await create(REFS.services, {
      ...inNs('second'),
      spec: { type: 'LoadBalancer', clusterIP: '10.96.0.52', ports },
    });
    const notes = async () => {
      const { items } = await client.list<KubeObject>(REFS.newEvents, { namespace: 'ns' });
      return items.map(({ reason, note }) => `${reason}: ${note}`);
    };
    await eventually(notes, [
      'PortTaken: A port is taken on 192.0.2.10 by the load balancer of Service ns/balanced; choose another port',
    ]);
    await client.delete(REFS.services, 'ns', 'second');
  });

  it('pods reach the machine only where it is open to them', async () => {
    const machine = lab.network.link.host;
    expect(await resolveFrom(caller.netns, machine, 'web.ns.svc.cluster.local')).toEqual(['10.96.0.50']);
    await lab.serve('machine', '/proc/self/ns/net', [MACHINE_PORT]);
    expect(await fromHost.dial(machine, MACHINE_PORT)).toBe(`machine ${machine}`);
    expect(await fromCaller.dial(machine, MACHINE_PORT)).toBe('refused');
  });

  it('a UDP client that keeps its port is sent on when its endpoint goes', async () => {
    const flow = new UdpFlow(caller.netns, '10.96.0.50', 80);
    try {
      await eventually(() => flow.last(), `a ${caller.ip}`);
      await endpointsAre('web', [b.ip]);
      await eventually(() => flow.last(), `b ${caller.ip}`);
    } finally {
      flow.close();
    }
  });

  it('a new pod is closed from its first packet until its rules are in force', async () => {
    const policy = { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress'] };
    await create(POLICIES, { ...inNs('deny'), spec: policy });
    const [first, second, third] = [await podOf('a', { app: 'a' }), await podOf('b'), await podOf('caller')];
    await network.attach(third, caller.ip);
    expect(await fromCaller.dial(b.ip, 8080, 'tcp', 300)).toBe('timeout');
    await network.attach(second, b.ip);
    expect(await fromCaller.dial(b.ip, 8080)).toBe(`b ${caller.ip}`);
    await network.attach(first, a.ip);
    expect(await fromCaller.dial(a.ip, 8080, 'tcp', 300)).toBe('timeout');
    await client.delete(POLICIES, 'ns', 'deny');
    await eventually(() => fromCaller.dial(a.ip, 8080, 'tcp', 300), `a ${caller.ip}`);
  });

  it('a new policy also ends what goes on already, and gives it back when it goes', async () => {
    const flow = new UdpFlow(caller.netns, b.ip, 8080);
    try {
      await eventually(() => flow.last(), `b ${caller.ip}`);
      await create(POLICIES, { ...inNs('none'), spec: { podSelector: {}, policyTypes: ['Ingress'] } });
      const isQuiet = async () => {
        const before = flow.count;
        await new Promise((resolve) => setTimeout(resolve, 200));
        return flow.count === before;
      };
      await eventually(isQuiet, true);
      await client.delete(POLICIES, 'ns', 'none');
      await eventually(isQuiet, false);
    } finally {
      flow.close();
    }
  });

  it('an egress policy may allow DNS by naming the pods that run it elsewhere', async () => {
    const peer = { namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } };
    const spec = {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [{ to: [peer], ports: [{ port: 53, protocol: 'UDP' }] }],
    };
    await create(POLICIES, { ...inNs('only-dns'), spec });
    await eventually(() => fromCaller.dial(b.ip, 8080, 'tcp', 300), 'timeout');
    expect(await resolveFrom(caller.netns, '10.96.0.10', 'web.ns.svc.cluster.local')).toEqual(['10.96.0.50']);
    await client.delete(POLICIES, 'ns', 'only-dns');
    await eventually(() => fromCaller.dial(b.ip, 8080, 'tcp', 300), `b ${caller.ip}`);
  });

  it('rules stay in force while nobody follows, and what changed meanwhile is caught up with', async () => {
    await network.stop();
    expect(await fromCaller.dial('10.96.0.50', 80)).toBe(`b ${caller.ip}`);
    await endpointsAre('web', [a.ip]);
    await client.delete(REFS.services, 'ns', 'balanced');
    network = start();
    await network.synced;
    expect(await fromCaller.dial('10.96.0.50', 80)).toBe(`a ${caller.ip}`);
    expect(await fromHost.dial('127.0.0.1', BALANCED_PORT)).toBe('refused');
    expect(await fromHost.dial('127.0.0.1', NODE_PORT)).toBe(`a ${lab.network.link.host}`);
    expect(plane.errors).toEqual([]);
    expect(netnsPath(lab.network.name)).toBe(lab.netns);
  });
});
