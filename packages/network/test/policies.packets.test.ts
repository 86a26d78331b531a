import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressesOf } from '../src/cluster/addresses.ts';
import { clusterTable } from '../src/cluster-table.ts';
import type { NetworkPolicy, PolicyPod } from '../src/policy/objects.ts';
import { servicePortsOf } from '../src/services/service-ports.ts';
import { Dialer } from './dial.ts';
import { Lab, whyNoLab } from './lab.ts';
import { service, slice } from './objects.ts';
import { type ModelPacket, type ModelPod, PolicyModel } from './policy-model.ts';
import { randomOf, randomPolicies } from './random-policies.ts';

const why = whyNoLab();
const PORTS = [8080, 9090, 9095];
const NAMESPACES = new Map([
  ['red', { team: 'x', colour: 'red' }],
  ['blue', { team: 'y' }],
]);
const PODS = [
  { name: 'r1', namespace: 'red', labels: { app: 'web', tier: 'front' }, web: 8080 },
  { name: 'r2', namespace: 'red', labels: { app: 'db' }, web: 9090 },
  { name: 'b1', namespace: 'blue', labels: { app: 'web' }, web: 9090 },
  { name: 'b2', namespace: 'blue', labels: {} },
];
/** Nothing is decided later than this; packets that are dropped cost it. */
const PATIENCE_MS = 250;

describe.skipIf(why !== undefined)('network policies, with real packets', () => {
  let lab: Lab;
  const pods: ModelPod[] = [];
  const dialers = new Map<string, Dialer>();
  let fromHost: Dialer;
  let fromNode: Dialer;

  beforeAll(async () => {
    lab = await Lab.create('pol');
    const servers: Promise<void>[] = [];
    for (const { name, namespace, labels, web } of PODS) {
      const { ip, netns, serve } = await lab.pod(name);
      pods.push({ name, namespace, labels, ip, ports: web ? { web: { protocol: 'TCP', number: web } } : {} });
      servers.push(serve(...PORTS));
      dialers.set(name, new Dialer(netns));
    }
    await Promise.all(servers);
    fromHost = new Dialer();
    fromNode = new Dialer(lab.netns);
  });
  afterAll(async () => {
    for (const dialer of [...dialers.values(), fromHost, fromNode]) dialer?.close();
    await lab?.close();
  });

  const apply = (policies: NetworkPolicy[], known: readonly ModelPod[] = pods) =>
    lab.nft.apply(
      clusterTable(
        {
          ports: servicePortsOf(
            [service('s', { clusterIP: '10.96.0.10', ports: [{ port: 80 }] })],
            [slice('s', [{ name: '', port: 8080 }], [{ addresses: [pods[0]?.ip ?? ''] }])],
            'n',
          ),
          apiPods: [],
          policies,
          pods: known.map(policyPod),
          namespaces: [...NAMESPACES].map(([name, labels]) => ({
            apiVersion: 'v1',
            kind: 'Namespace',
            metadata: { name, labels },
          })),
        },
        addressesOf(lab.network),
      ),
    );
  const policyPod = ({ name, namespace, labels, ip, ports }: ModelPod): PolicyPod => ({
    name: `${namespace}/${name}`,
    namespace,
    labels,
    ip,
    ports: new Map(Object.entries(ports).map(([port, { number }]) => [`tcp/${port}`, number])),
  });
  const packets = (): ModelPacket[] =>
    pods.flatMap((from) =>
      pods
        .filter((to) => to !== from)
        .flatMap((to) =>
          PORTS.flatMap((port) =>
            (['TCP', 'UDP'] as const).map((protocol) => ({ from, to, port, protocol })),
          ),
        ),
    );
  const passes = async (
    { from, to, port, protocol }: ModelPacket,
    patienceMs = PATIENCE_MS,
  ): Promise<boolean> => {
    const wire = protocol === 'TCP' ? 'tcp' : 'udp';
    const answer = await dialers.get(from.name)?.dial(to.ip, port, wire, patienceMs);
    return answer === `${to.name} ${from.ip}`;
  };
  const named = (packet: ModelPacket) =>
    `${packet.from.name}→${packet.to.name} ${packet.protocol} ${packet.port}`;
  const policy = (
    name: string,
    namespace: string,
    spec: NonNullable<NetworkPolicy['spec']>,
  ): NetworkPolicy => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec,
  });

  it('let through exactly what the reference allows, for random policies', { timeout: 60_000 }, async () => {
    const random = randomOf(20_261_122);
    const block = (cidr: string, ...except: string[]) => ({ cidr, ...(except.length > 0 ? { except } : {}) });
    const ips = pods.map(({ ip }) => ip);
    const words = {
      namespaces: ['red', 'blue'],
      podLabels: [
        ['app', 'web'],
        ['app', 'db'],
        ['tier', 'front'],
      ] as const,
      namespaceLabels: [
        ['team', 'x'],
        ['team', 'y'],
        ['colour', 'red'],
      ] as const,
      blocks: [
        block('10.244.0.0/24'),
        block('0.0.0.0/0', `${ips[1]}/32`, `${ips[2]}/32`),
        block(`${ips[0]}/31`),
        block('192.0.2.0/24'),
        block('10.0.0.0/8', '10.244.0.0/16'),
      ],
      ports: [
        {},
        { protocol: 'UDP' },
        { port: 8080 },
        { port: 8080, protocol: 'UDP' },
        { port: 9000, endPort: 9092 },
        { port: 9090, endPort: 9095, protocol: 'UDP' },
        { port: 'web' },
        { port: 'absent' },
      ],
    };
    const seen = { open: 0, closed: 0 };
    for (let round = 0; round < 25; round++) {
      const policies = randomPolicies(random, words);
      await apply(policies);
      const model = new PolicyModel(policies, NAMESPACES);
      const all = packets();
      const results = await Promise.all(all.map((packet) => passes(packet)));
      const wrong = all.filter((packet, i) => results[i] !== model.allows(packet));
      // once more for what the machine was too busy for
      const still: string[] = [];
      for (const packet of wrong)
        if ((await passes(packet, 3000)) !== model.allows(packet)) still.push(named(packet));
      expect({ still, policies }).toEqual({ still: [], policies });
      for (const packet of all) seen[model.allows(packet) ? 'open' : 'closed']++;
    }
    expect(Math.min(seen.open, seen.closed)).toBeGreaterThan(200);
  });

  it('hold for the endpoint of a Service, and never back from the node and the machine', async () => {
    await apply([policy('deny', 'red', { podSelector: {}, policyTypes: ['Ingress'] })]);
    expect(await dialers.get('b1')?.dial('10.96.0.10', 80, 'tcp', PATIENCE_MS)).toBe('timeout');
    expect(await dialers.get('r1')?.dial('10.96.0.10', 80)).toMatch(/^r1 /);
    expect(await fromNode.dial(pods[0]?.ip ?? '', 8080)).toMatch(/^r1 /);
    const address = lab.network.hostRange.replace('.0/24', `.${pods[0]?.ip.split('.')[3]}`);
    expect(await fromHost.dial(address, 8080)).toBe(`r1 ${lab.network.link.host}`);
  });

  it('a pod that is not known yet is closed as soon as there is any policy', async () => {
    const [first, second, third] = pods as [ModelPod, ModelPod, ModelPod];
    await apply([], [first]);
    expect(await dialers.get('r2')?.dial(first.ip, 8080)).toBe(`r1 ${second.ip}`);
    await apply([policy('other', 'green', { podSelector: {} })], [first, third]);
    expect(await dialers.get('r2')?.dial(first.ip, 8080, 'tcp', PATIENCE_MS)).toBe('timeout');
    expect(await dialers.get('r1')?.dial(second.ip, 8080, 'tcp', PATIENCE_MS)).toBe('timeout');
    expect(await dialers.get('b1')?.dial(first.ip, 8080)).toBe(`r1 ${third.ip}`);
    expect(await fromNode.dial(second.ip, 8080)).toMatch(/^r2 /);
  });
});
