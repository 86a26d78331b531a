import { describe, expect, it } from 'vitest';
import { detailsOf, reasonsOf, violations } from './evaluate.ts';
import type { Level, Version } from './levels.ts';
import type { Container, PodSpec, SecurityContext } from './pod.ts';

const container = (securityContext: SecurityContext = {}, more: Partial<Container> = {}): Container => ({
  name: 'c',
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, ...securityContext },
  ...more,
});
const safe: PodSpec = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [container()],
};
const check = (
  level: Level,
  spec: PodSpec,
  version: Version = 'latest',
  annotations: Record<string, string> = {},
): string => detailsOf(violations({ level, version }, { annotations, spec: { ...safe, ...spec } }));
const withContext = (context: SecurityContext): PodSpec => ({ containers: [container(context)] });

describe('the baseline standard forbids', () => {
  it.each<[string, PodSpec, string]>([
    [
      'capabilities beyond the default ones',
      withContext({ capabilities: { add: ['SYS_ADMIN', 'CHOWN', 'NET_ADMIN'] } }),
      'non-default capabilities (container "c" must not include "NET_ADMIN", "SYS_ADMIN" in securityContext.capabilities.add)',
    ],
    [
      'AppArmor turned off',
      { securityContext: { appArmorProfile: { type: 'Unconfined' } } },
      'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")',
    ],
    [
      'namespaces of the host',
      { hostIPC: true, hostPID: true, hostNetwork: true },
      'host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)',
    ],
    [
      'paths of the host',
      {
        volumes: [
          { name: 'a', hostPath: { path: '/' } },
          { name: 'b', hostPath: { path: '/' } },
        ],
      },
      'hostPath volumes (volumes "a", "b")',
    ],
    [
      'ports of the host',
      { containers: [container({}, { ports: [{ hostPort: 80 }, { hostPort: 443 }, {}] })] },
      'hostPort (container "c" uses hostPorts 443, 80)',
    ],
    [
      'probes of other hosts',
      { containers: [container({}, { livenessProbe: { httpGet: { host: '169.254.169.254' } } })] },
      'probe or lifecycle host (container "c" uses probe or lifecycle host "169.254.169.254")',
    ],
    [
      'privileged containers, also for debugging',
      { ephemeralContainers: [{ name: 'debug', securityContext: { privileged: true } }] },
      'privileged (container "debug" must not set securityContext.privileged=true)',
    ],
    [
      'an unmasked /proc',
      withContext({ procMount: 'Unmasked' }),
      'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
    ],
    [
      'SELinux users and types',
      withContext({ seLinuxOptions: { type: 'spc_t', user: 'u' } }),
      'seLinuxOptions (container "c" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)',
    ],
    [
      'seccomp turned off',
      { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      'unsafe sysctls',
      { securityContext: { sysctls: [{ name: 'kernel.msgmax' }, { name: 'net.ipv4.tcp_rmem' }] } },
      'forbidden sysctls (kernel.msgmax)',
    ],
    [
      'Windows host processes',
      withContext({ windowsOptions: { hostProcess: true } }),
      'hostProcess (container "c" must not set securityContext.windowsOptions.hostProcess=true)',
    ],
  ])('%s', (_what, spec, text) => {
    expect(check('baseline', spec)).toBe(text);
    expect(check('privileged', spec)).toBe('');
  });

  it('nothing of a plain pod', () => {
    expect(check('baseline', { containers: [{ name: 'c' }], securityContext: {} })).toBe('');
  });
});

describe('the restricted standard forbids', () => {
  it.each<[string, PodSpec, string]>([
    [
      'added capabilities',
      withContext({ capabilities: { drop: ['ALL'], add: ['CHOWN', 'NET_BIND_SERVICE'] } }),
      'unrestricted capabilities (container "c" must not include "CHOWN" in securityContext.capabilities.add)',
    ],
    [
      'volumes of most types',
      {
        volumes: [
          { name: 'a', nfs: {} },
          { name: 'b', emptyDir: {} },
        ],
      },
      'restricted volume types (volume "a" uses restricted volume type "nfs")',
    ],
    [
      'root by name',
      { securityContext: { ...safe.securityContext, runAsNonRoot: false, runAsUser: 0 } },
      'runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false), runAsUser=0 (pod must not set runAsUser=0)',
    ],
  ])('%s', (_what, spec, text) => {
    expect(check('restricted', spec)).toBe(text);
  });

  it('nothing of a careful pod', () => expect(check('restricted', {})).toBe(''));

  it('what baseline forbids too, once and first', () => {
    const spec = {
      hostPID: true,
      containers: [{ name: 'c' }],
      volumes: [{ name: 'v', hostPath: {} }],
      securityContext: {},
    };
    const found = violations({ level: 'restricted', version: 'latest' }, { annotations: {}, spec });
    expect(reasonsOf(found)).toBe(
      'host namespaces, allowPrivilegeEscalation != false, unrestricted capabilities, restricted volume types, runAsNonRoot != true, seccompProfile',
    );
  });

  it('less of pods for Windows, since 1.25', () => {
    const windows = { os: { name: 'windows' }, containers: [{ name: 'c' }] };
    expect(check('restricted', windows)).toBe('');
    expect(check('restricted', windows, 24)).toContain('allowPrivilegeEscalation');
  });
});

describe('older versions of a standard', () => {
  it('know the sysctls of their time', () => {
    const spec = { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem' }] } };
    expect(check('baseline', spec, 31)).toContain('net.ipv4.tcp_rmem');
    expect(check('baseline', spec, 32)).toBe('');
  });

  it('read seccomp from annotations before 1.19', () => {
    const key = 'seccomp.security.alpha.kubernetes.io/pod';
    expect(check('baseline', {}, 18, { [key]: 'unconfined' })).toBe(
      `seccompProfile (forbidden annotation ${key}="unconfined")`,
    );
    expect(check('baseline', {}, 19, { [key]: 'unconfined' })).toBe('');
  });
});
