import type { KubeObject } from '@sampan/api';
import { createServiceDialer } from '@sampan/apiserver';
import type { ObjectReader } from '@sampan/machinery';
import { clusterNetwork, endpointAddressOf, hostAddressOf } from '@sampan/network';
import { expect, it } from 'vitest';

const network = clusterNetwork({ name: 's1', index: 3 });

const service = {
  kind: 'Service',
  apiVersion: 'v1',
  metadata: { name: 'hook', namespace: 'n' },
  spec: { ports: [{ name: 'https', port: 443, targetPort: 8443 }] },
};

const endpoint = (address: string, ready?: boolean) => ({
  addresses: [address],
  ...(ready === undefined ? {} : { conditions: { ready } }),
});

function dialer(
  endpoints: object[],
  allowedHosts: string[] = [],
  portName = 'https',
  more: { machine?: string[]; nodes?: KubeObject[] } = {},
) {
  const slice = {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: { name: 'hook-1', namespace: 'n', labels: { 'kubernetes.io/service-name': 'hook' } },
    ports: [{ name: portName, port: 8443 }],
    endpoints,
  };
  const objects: Record<string, KubeObject[]> = {
    services: [service],
    nodes: more.nodes ?? [],
    'endpointslices.discovery.k8s.io': [slice as unknown as KubeObject],
  };
  const reader: ObjectReader = {
    get: <T extends KubeObject>(collection: string, namespace: string, name: string) =>
      objects[collection]?.find(
        ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
      ) as T | undefined,
    list: <T extends KubeObject>(collection: string) => (objects[collection] ?? []) as T[],
    watch: () => () => {},
  };
  return createServiceDialer({
    reader,
    reach: (ip, mayReach) => endpointAddressOf(network, ip, mayReach),
    allowedHosts,
    machineAddresses: () => more.machine ?? [],
  });
}

it('leads to a ready endpoint, at the address by which the machine reaches the pod', async () => {
  const { service: dial } = dialer([endpoint('10.244.0.7', false), endpoint('10.244.0.9', true)]);
  for (let i = 0; i < 8; i++) {
    expect(await dial('n', 'hook', 443)).toEqual({
      address: hostAddressOf(network, '10.244.0.9'),
      port: 8443,
    });
  }
});

it('leads to every endpoint some day', async () => {
  const { service: dial } = dialer([endpoint('10.244.0.7'), endpoint('10.244.0.9')]);
  const seen = new Set<string>();
  while (seen.size < 2) seen.add((await dial('n', 'hook', 443)).address);
});

it.each(['127.0.0.1', '169.254.169.254', '192.0.2.1', '100.64.0.5'])(
  'does not lead to %s, whatever an EndpointSlice says',
  async (address) => {
    await expect(dialer([endpoint(address)]).service('n', 'hook', 443)).rejects.toThrow(
      'no endpoints available for service "hook"',
    );
  },
);

it('says what is missing', async () => {
  await expect(dialer([]).service('n', 'none', 443)).rejects.toThrow('service "none" not found');
  await expect(dialer([]).service('n', 'hook', 80)).rejects.toThrow(
    'no service port 80 found for service "hook"',
  );
  await expect(dialer([endpoint('10.244.0.9')], [], 'other').service('n', 'hook', 443)).rejects.toThrow(
    'no endpoints available',
  );
});

it('leads to no host that an administrator did not allow, and never to this machine', async () => {
  await expect(dialer([]).host('192.0.2.1', 443)).rejects.toThrow('must add it to webhookHosts');
  expect(await dialer([], ['192.0.2.1']).host('192.0.2.1', 443)).toEqual({ address: '192.0.2.1', port: 443 });
  for (const host of ['127.0.0.1', 'localhost', '169.254.169.254', '::1', '::ffff:127.0.0.1'])
    await expect(dialer([], [host]).host(host, 443)).rejects.toThrow('no address that may be called');
});

it('leads to this machine only where pods may use its network, at addresses that its Node has', async () => {
  const node = {
    kind: 'Node',
    apiVersion: 'v1',
    metadata: { name: 'n' },
    status: { addresses: [{ type: 'InternalIP', address: '192.0.2.7' }] },
  };
  const dial = (machine: string[], nodes: KubeObject[], address = '192.0.2.7') =>
    dialer([endpoint(address)], [], 'https', { machine, nodes }).service('n', 'hook', 443);
  expect(await dial(['192.0.2.7'], [node])).toEqual({ address: '192.0.2.7', port: 8443 });
  await expect(dial(['192.0.2.7'], [])).rejects.toThrow('no endpoints available');
  await expect(dial([], [node])).rejects.toThrow('no endpoints available');
  await expect(dial(['192.0.2.7', '192.0.2.8'], [node], '192.0.2.8')).rejects.toThrow(
    'no endpoints available',
  );
});
