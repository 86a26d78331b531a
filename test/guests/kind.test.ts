import { StatusError } from '@sampan/api';
import { CLUSTERS, type Cluster, type ClusterSpec, clusterDefinition } from '@sampan/clusters';
import { type Client, REFS } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Plane, startPlane } from '../support/plane.ts';

describe('the kind Cluster', () => {
  let plane: Plane;
  let client: Client;
  beforeAll(async () => {
    plane = await startPlane();
    client = plane.control.client('test');
    await client.create(REFS.customResourceDefinitions, clusterDefinition);
    await vi.waitUntil(async () => (await client.resources()).some(({ kind }) => kind === 'Cluster'), {
      timeout: 60_000,
    });
  });
  afterAll(() => plane?.close());

  let number = 0;
  const create = (spec: ClusterSpec) =>
    client.create<Cluster>(CLUSTERS, {
      apiVersion: 'clusters.sampan.dev/v1',
      kind: 'Cluster',
      metadata: { name: `c${number++}` },
      spec,
    });
  const refusal = (task: Promise<unknown>): Promise<string> =>
    task.then(
      () => 'done',
      (error: unknown) => (error instanceof StatusError ? error.message : String(error)),
    );

  it.each([
    ['of other ranges', { pods: '10.50.7.0/24', services: '172.20.0.0/16' }],
    ['of the smallest range of Services', { services: '10.9.8.16/28' }],
    ['of the usual ranges, named', { pods: '10.244.0.0/24', services: '10.96.0.0/12' }],
    ['of one range', { pods: '192.168.44.0/24' }],
  ])('takes clusters %s', async (_, network) => {
    expect(await refusal(create({ network }))).toBe('done');
  });

  it.each([
    ['an address', { services: '10.9.8.7' }, 'spec.network.services'],
    ['a range of no addresses', { services: '10.9.8.300/16' }, 'must be a range'],
    ['too few Services', { services: '10.9.8.0/29' }, 'must be a range'],
    ['too many Services', { services: '10.0.0.0/8' }, 'must be a range'],
    ['bits behind the prefix', { services: '10.9.8.1/16' }, 'with zeros behind its prefix'],
    ['pods in more than a /24', { pods: '10.244.0.0/16' }, 'must be a /24'],
    ['pods in less', { pods: '10.244.0.0/25' }, 'must be a /24'],
    ['pods among Services', { pods: '10.100.0.0/24', services: '10.96.0.0/12' }, 'pods and services overlap'],
    ['Services among pods', { pods: '10.1.1.0/24', services: '10.1.1.64/28' }, 'pods and services overlap'],
    ['pods among the usual Services', { pods: '10.97.3.0/24' }, 'pods and services overlap'],
    ['loopback', { pods: '127.0.1.0/24' }, 'must not touch'],
    ['what the machine uses between clusters', { services: '100.64.0.0/16' }, 'must not touch'],
    ['multicast', { services: '224.0.0.0/12' }, 'must not touch'],
    ['IPv6', { pods: 'fd00::/24' }, 'spec.network.pods'],
  ])('refuses %s', async (_, network, why) => {
    expect(await refusal(create({ network }))).toContain(why);
  });

  it('keeps the addresses of a cluster', async () => {
    const kept = 'a cluster keeps its addresses';
    const patch = (name: string, spec: object) =>
      refusal(client.patch(CLUSTERS, undefined, name, 'merge', { spec }));
    const plain = await create({});
    const special = await create({ network: { pods: '10.50.7.0/24' } });
    expect(await patch(plain.metadata.name ?? '', { network: { pods: '10.50.7.0/24' } })).toContain(kept);
    expect(await patch(special.metadata.name ?? '', { network: { pods: '10.50.8.0/24' } })).toContain(kept);
    expect(await patch(special.metadata.name ?? '', { network: null })).toContain(kept);
    expect(await patch(special.metadata.name ?? '', { description: 'x' })).toBe('done');
  });

  it('takes ranges of machines that join, and refuses what is none', async () => {
    expect(await refusal(create({ nodes: { ranges: ['192.0.2.0/24', '2001:db8::/32'] } }))).toBe('done');
    expect(await refusal(create({ nodes: { ranges: ['192.0.2.1'] } }))).toContain('no CIDR');
  });
});
