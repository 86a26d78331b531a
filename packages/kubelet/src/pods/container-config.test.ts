import type { k8s } from '@sampan/api';
import { describe, expect, it } from 'vitest';
import { containerConfig } from './container-config.ts';
import type { NodeFacts } from './node-facts.ts';
import { podDns, podHostname, sandboxConfig } from './sandbox-config.ts';

const node: NodeFacts = {
  hostIPs: ['192.0.2.1'],
  memoryBytes: 1000 * 2 ** 20,
  allocatable: { cpu: '2', memory: '900Mi' },
  logFolder: '/logs',
  podFolder: '/pods',
  seccompFolder: '/seccomp',
  cgroupRoot: '/kubepods',
  clusterDns: { servers: ['10.96.0.10'], domain: 'cluster.local' },
  nodeDns: { servers: ['192.0.2.53'], searches: ['example.com'], options: ['timeout:2'] },
};

const metadata = { name: 'p', namespace: 'ns', uid: 'u', labels: { a: 'b' } };
const image = { id: 'sha256:1', tags: [], digests: [], size: 1, username: '', pinned: false };

function configOf(
  container: Partial<k8s.Container>,
  spec: k8s.PodSpec = {},
  sources: Partial<SourcesGiven> = {},
  facts: Partial<NodeFacts> = {},
) {
  const own = { name: 'app', image: 'img', ...container };
  return containerConfig({
    pod: { metadata, spec: { containers: [own], ...spec } },
    container: own,
    attempt: 3,
    image,
    env: {
      configMap: (name) => (name === 'map' ? new Map([['key', 'from map']]) : undefined),
      secret: () => undefined,
      services: new Map([['KUBERNETES_SERVICE_HOST', '10.96.0.1']]),
      podIPs: ['10.0.0.2'],
      hostIPs: node.hostIPs,
      nodeAllocatable: node.allocatable,
      ...sources,
    },
    mounts: [],
    devices: [],
    node: { ...node, ...facts },
  });
}
type SourcesGiven = Parameters<typeof containerConfig>[0]['env'];

describe('the configuration of a container', () => {
  it('is confined as it asks for, or not made', () => {
    const asks = (type: string, more = {}) => ({ securityContext: { appArmorProfile: { type, ...more } } });
    const made = (container: Partial<k8s.Container>, appArmor: boolean) =>
      configOf(container, {}, {}, { appArmor }).security.appArmor;
    expect(made({}, true)).toBeUndefined();
    expect(made(asks('RuntimeDefault'), true)).toEqual({ type: 'RuntimeDefault' });
    expect(made(asks('Localhost', { localhostProfile: 'mine' }), true)).toEqual({
      type: 'Localhost',
      path: 'mine',
    });
    expect(() => made(asks('RuntimeDefault'), false)).toThrow('AppArmor is not enabled on the host');
    expect(made(asks('Unconfined'), false)).toEqual({ type: 'Unconfined' });
    const label = { level: 's0:c1' };
    expect(configOf({}, { securityContext: { seLinuxOptions: label } }).security.seLinux).toEqual(label);
  });

  it('dies whole when memory runs out, where cgroups can do that', () => {
    expect(configOf({}, {}, {}, { cgroupVersion: 2 }).resources.oomGroup).toBe(true);
    expect(configOf({}).resources.oomGroup).toBeUndefined();
  });

  const resources: [k8s.ResourceRequirements, object][] = [
    [{}, { cpuShares: 2, oomScoreAdj: 1000 }],
    [{ requests: { cpu: '100m', memory: '100Mi' } }, { cpuShares: 102, oomScoreAdj: 900 }],
    [
      { limits: { cpu: '1500m' } },
      { cpuShares: 1536, cpuQuota: 150_000, cpuPeriod: 100_000, oomScoreAdj: 999 },
    ],
    [{ limits: { cpu: '1m' } }, { cpuShares: 2, cpuQuota: 1000, cpuPeriod: 100_000, oomScoreAdj: 999 }],
    [
      { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } },
      { cpuShares: 1024, cpuQuota: 100_000, cpuPeriod: 100_000, memoryLimit: 2 ** 30, oomScoreAdj: -997 },
    ],
  ];
  it.each(resources)('gives %j to the cgroup as %j', (given, expected) => {
    expect(configOf({ resources: given }).resources).toEqual(expected);
  });

  it('has services before envFrom before env, the later winning', () => {
    const { env } = configOf({
      envFrom: [{ prefix: 'P_', configMapRef: { name: 'map' } }],
      env: [
        { name: 'HOST', value: '$(KUBERNETES_SERVICE_HOST) $(P_key)' },
        { name: 'KUBERNETES_SERVICE_HOST', value: 'mine' },
        { name: 'LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a']" } } },
        { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
        { name: 'NONE', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: true } } },
      ],
    });
    expect(env.map(({ name, value }) => `${name}=${value}`)).toEqual([
      'KUBERNETES_SERVICE_HOST=mine',
      'P_key=from map',
      'HOST=10.96.0.1 from map',
      'LABEL=b',
      'MEMORY=900',
    ]);
  });

  const failures: [Partial<k8s.Container>, string][] = [
    [{ envFrom: [{ configMapRef: { name: 'none' } }] }, 'configmap "none" not found'],
    [{ envFrom: [{ secretRef: { name: 'none' } }] }, 'secret "none" not found'],
    [
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'map', key: 'no' } } }] },
      "couldn't find key no in ConfigMap ns/map",
    ],
    [
      { securityContext: { runAsNonRoot: true, runAsUser: 0 } },
      `container's runAsUser breaks non-root policy (pod: "p_ns(u)", container: app)`,
    ],
  ];
  it.each(failures)('cannot be made of %j', (container, message) => {
    expect(() => configOf(container)).toThrow(
      expect.objectContaining({ reason: 'CreateContainerConfigError', message }),
    );
  });

  it('names its log by its attempt', () => {
    expect(configOf({})).toMatchObject({
      logPath: 'app/3.log',
      attempt: 3,
      image: 'sha256:1',
      userImage: 'img',
    });
  });
});

describe('the configuration of a sandbox', () => {
  const sandbox = (spec: k8s.PodSpec) =>
    sandboxConfig({ metadata, spec: { containers: [{ name: 'app' }], ...spec } }, 0, node);

  it('is below a cgroup of its quality of service', () => {
    expect(sandbox({}).cgroupParent).toBe('/kubepods/besteffort/podu');
    const limits = { cpu: '1', memory: '1Gi' };
    expect(
      sandbox({ containers: [{ name: 'app', resources: { limits, requests: limits } }] }).cgroupParent,
    ).toBe('/kubepods/podu');
  });

  it('shares what of the node the pod asks for', () => {
    expect(sandbox({ hostNetwork: true, hostPID: true, hostIPC: true })).toMatchObject({
      network: 'node',
      pid: 'node',
      ipc: 'node',
      hostname: '',
    });
    expect(sandbox({ shareProcessNamespace: true })).toMatchObject({
      network: 'pod',
      pid: 'pod',
      ipc: 'pod',
    });
  });

  it('has the cluster’s DNS, the node’s, or none, by its policy, and what it adds', () => {
    const dns = (spec: k8s.PodSpec) => podDns({ metadata, spec }, node);
    expect(dns({})).toEqual({
      servers: ['10.96.0.10'],
      searches: ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'example.com'],
      options: ['ndots:5'],
    });
    expect(dns({ hostNetwork: true })).toEqual(node.nodeDns);
    expect(dns({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }).servers).toEqual(['10.96.0.10']);
    const dnsConfig = {
      nameservers: ['192.0.2.9'],
      options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
    };
    expect(dns({ dnsPolicy: 'None', dnsConfig })).toEqual({
      servers: ['192.0.2.9'],
      searches: [],
      options: ['ndots:2', 'edns0'],
    });
  });

  it('is called by its whole name when it asks for that, unless the kernel takes none so long', () => {
    const hostname = (name: string, more: k8s.PodSpec) =>
      sandboxConfig({ metadata: { ...metadata, name }, spec: more }, 0, node).hostname;
    const spec = { setHostnameAsFQDN: true, subdomain: 'sub' };
    expect(hostname('p', spec)).toBe('p.sub.ns.svc.cluster.local');
    expect(hostname('p', { ...spec, hostnameOverride: 'mine.example.com' })).toBe('mine.example.com');
    expect(hostname('p', { setHostnameAsFQDN: true })).toBe('p');
    expect(() => hostname('a'.repeat(50), spec)).toThrow(/FQDN a+\.sub.* is too long \(64 characters/);
  });

  it('has a host name of at most 63 characters that ends well', () => {
    expect(podHostname({ metadata: { name: `${'a'.repeat(62)}.-b` } })).toBe('a'.repeat(62));
    expect(podHostname({ metadata, spec: { hostname: 'h' } })).toBe('h');
  });
});
