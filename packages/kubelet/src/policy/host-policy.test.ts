import type { k8s } from '@sampan/api';
import { describe, expect, it } from 'vitest';
import {
  allowedHandler,
  constrainPod,
  GUEST_POLICY,
  HOST_CLUSTER_POLICY,
  type HostPolicy,
  hostPolicyRefusal,
  parseHostPolicy,
} from './index.ts';

const podWith = (spec: Partial<k8s.PodSpec>, annotations: Record<string, string> = {}): k8s.Pod => ({
  metadata: { name: 'p', namespace: 'ns', uid: 'u', annotations },
  spec: { containers: [{ name: 'app', image: 'i' }], ...spec },
});
const containing = (container: Partial<k8s.Container>): k8s.Pod =>
  podWith({ containers: [{ name: 'app', image: 'i', ...container }] });
const mounting = (volume: Omit<k8s.Volume, 'name'>): k8s.Pod =>
  podWith({ volumes: [{ name: 'v', ...volume }] });

const app = 'spec.containers[app].';
const FORBIDDEN: readonly [what: string, pod: k8s.Pod, refusal: string, allowed: Partial<HostPolicy>][] = [
  ['the network', podWith({ hostNetwork: true }), 'spec.hostNetwork: not allowed', { hostNetwork: true }],
  ['its processes', podWith({ hostPID: true }), 'spec.hostPID: not allowed', { hostPID: true }],
  ['its IPC', podWith({ hostIPC: true }), 'spec.hostIPC: not allowed', { hostIPC: true }],
  [
    'all of it by privilege',
    containing({ securityContext: { privileged: true } }),
    `${app}securityContext.privileged: not allowed`,
    { privileged: true },
  ],
  [
    'its files',
    mounting({ hostPath: { path: '/etc' } }),
    'spec.volumes[v].hostPath.path: /etc is not among the folders that are allowed',
    { hostPaths: [{ prefix: '/etc' }] },
  ],
  [
    'other storage',
    mounting({ nfs: { server: 's', path: '/' } }),
    'spec.volumes[v].nfs: volumes of this kind are not allowed',
    { volumes: ['nfs'] },
  ],
  [
    'its devices',
    containing({ volumeDevices: [{ name: 'v', devicePath: '/dev/x' }] }),
    `${app}volumeDevices: not allowed`,
    { devices: true },
  ],
  [
    'more capabilities',
    containing({ securityContext: { capabilities: { add: ['CAP_SYS_ADMIN'] } } }),
    `${app}securityContext.capabilities.add: CAP_SYS_ADMIN is not allowed`,
    { capabilities: ['SYS_ADMIN'] },
  ],
  [
    'no seccomp',
    podWith({ securityContext: { seccompProfile: { type: 'Unconfined' } } }),
    'spec.securityContext.seccompProfile.type: Unconfined is not allowed',
    { unconfined: true },
  ],
  [
    'no AppArmor',
    containing({ securityContext: { appArmorProfile: { type: 'Unconfined' } } }),
    `${app}securityContext.appArmorProfile.type: Unconfined is not allowed`,
    { unconfined: true },
  ],
  [
    'no AppArmor by annotation',
    podWith({}, { 'container.apparmor.security.beta.kubernetes.io/app': 'unconfined' }),
    'metadata.annotations[container.apparmor.security.beta.kubernetes.io/app]: unconfined is not allowed',
    { unconfined: true },
  ],
  [
    'all of /proc',
    containing({ securityContext: { procMount: 'Unmasked' } }),
    `${app}securityContext.procMount: Unmasked is not allowed`,
    { procMount: true },
  ],
  [
    'its ports',
    containing({ ports: [{ containerPort: 80, hostPort: 8080 }] }),
    `${app}ports: host port 8080 is not allowed`,
    { hostPorts: true },
  ],
  [
    'mounts on it',
    containing({ volumeMounts: [{ name: 'v', mountPath: '/v', mountPropagation: 'Bidirectional' }] }),
    `${app}volumeMounts[v].mountPropagation: Bidirectional is not allowed`,
    { privileged: true },
  ],
  [
    'the agent to ask others',
    containing({ livenessProbe: { httpGet: { host: '127.0.0.1', port: 10250 } } }),
    `${app}livenessProbe.httpGet.host: 127.0.0.1 is not allowed`,
    { probeHosts: true },
  ],
  [
    'to be spared',
    podWith({ priority: 2_000_001_000 }),
    'spec.priority: 2000000000 and more is not allowed',
    { criticalPods: true },
  ],
  [
    'to come from a file',
    podWith({}, { 'kubernetes.io/config.source': 'file' }),
    'metadata.annotations[kubernetes.io/config.source]: static pods are not allowed',
    { staticPods: true },
  ],
];

describe('the host policy', () => {
  it.each(FORBIDDEN)('refuses a guest %s unless that is allowed', (_, pod, refusal, allowed) => {
    expect(hostPolicyRefusal(pod, GUEST_POLICY)).toBe(refusal);
    expect(hostPolicyRefusal(pod, { ...GUEST_POLICY, ...allowed })).toBeUndefined();
    expect(hostPolicyRefusal(pod, HOST_CLUSTER_POLICY)).toBeUndefined();
  });

  it('looks into init containers and ephemeral ones', () => {
    const bad = { name: 'x', image: 'i', securityContext: { privileged: true } };
    expect(hostPolicyRefusal(podWith({ initContainers: [bad] }), GUEST_POLICY)).toMatch(
      /initContainers\[x\]/,
    );
    expect(hostPolicyRefusal(podWith({ ephemeralContainers: [bad] }), GUEST_POLICY)).toMatch(/ephemeral/);
  });

  it('lets guests have what stays in their pods', () => {
    const pod = podWith({
      securityContext: { seccompProfile: { type: 'RuntimeDefault' }, runAsUser: 0 },
      volumes: [
        { name: 'a', emptyDir: {} },
        { name: 'b', persistentVolumeClaim: { claimName: 'c' } },
      ],
    });
    expect(hostPolicyRefusal(pod, GUEST_POLICY)).toBeUndefined();
  });

  it('does not take a folder for one whose name begins alike, nor a way out of it', () => {
    const policy = { ...GUEST_POLICY, hostPaths: [{ prefix: '/srv/data/' }] };
    const refused = (path: string) =>
      hostPolicyRefusal(mounting({ hostPath: { path } }), policy) !== undefined;
    expect(['/srv/data', '/srv/data/x', '/srv//data'].map(refused)).toEqual([false, false, false]);
    expect(['/srv/database', '/srv', '/srv/data/../x', '/'].map(refused)).toEqual([true, true, true, true]);
  });

  it('confines pods of guests, and runs them without the debuggers it refuses', () => {
    const bad = { name: 'bad', image: 'i', securityContext: { privileged: true } };
    const pod = podWith({ ephemeralContainers: [bad, { name: 'good', image: 'i' }] });
    const { pod: own, refused } = constrainPod(pod, GUEST_POLICY);
    expect([...refused.keys()]).toEqual(['bad']);
    expect(own.spec?.ephemeralContainers?.map(({ name }) => name)).toEqual(['good']);
    expect(own.spec?.securityContext?.seccompProfile).toEqual({ type: 'RuntimeDefault' });
    expect(hostPolicyRefusal(own, GUEST_POLICY)).toBeUndefined();
    expect(constrainPod(pod, HOST_CLUSTER_POLICY).pod).toBe(pod);
  });

  it('chooses the handler where it is not free', () => {
    const sandboxed = { ...GUEST_POLICY, handlers: ['gvisor'] };
    expect([allowedHandler(undefined, sandboxed), allowedHandler('gvisor', sandboxed)]).toEqual([
      'gvisor',
      'gvisor',
    ]);
    expect(() => allowedHandler('runc', sandboxed)).toThrow('does not allow the runtime handler "runc"');
    expect(allowedHandler('', HOST_CLUSTER_POLICY)).toBe('runc');
  });

  it('is read from a file, for each cluster', () => {
    const text =
      '{"host": {"privileged": false}, "ann": {"hostPaths": [{"prefix": "/srv", "readOnly": true}]}}';
    expect(parseHostPolicy(text, 'host')).toEqual({ ...HOST_CLUSTER_POLICY, privileged: false });
    expect(parseHostPolicy(text, 'ann').hostPaths).toEqual([{ prefix: '/srv', readOnly: true }]);
    expect(parseHostPolicy(text, 'ben')).toEqual(GUEST_POLICY);
    expect(parseHostPolicy(undefined, 'host')).toEqual(HOST_CLUSTER_POLICY);
  });

  it.each([
    ['{', 'it is no JSON'],
    ['[]', 'it is no JSON object'],
    ['{"a": {"privilegd": true}}', '"a.privilegd" is not known'],
    ['{"a": {"privileged": "yes"}}', '"a.privileged" must be true or false'],
    ['{"a": {"hostPaths": [{"prefix": "/a/../etc"}]}}', '"a.hostPaths" must be a list of'],
    ['{"a": {"unsafeSysctls": ["vm.overcommit_memory"]}}', 'is no sysctl of a namespace'],
    ['{"a": {"handlers": []}}', '"a.handlers" must name a handler'],
  ])('is not guessed from %s', (text, message) => {
    expect(() => parseHostPolicy(text, 'b')).toThrow(message);
  });
});
