import { container } from './pods-stage.ts';

/** A pod that has a volume of this source. */
export const volume = (source: object) => ({
  volumes: [{ name: 'v', ...source }],
  containers: [container({ volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
});
const secured = (securityContext: object) => ({ containers: [container({ securityContext })] });

/** What leads out of a pod: its name, the pod's spec and, if need be, its metadata. */
export const REFUSED: readonly [what: string, spec: object, metadata?: object][] = [
  ['privileged', secured({ privileged: true })],
  ['hostPath', volume({ hostPath: { path: '/etc' } })],
  ['hostPath of the home', volume({ hostPath: { path: '/var/lib/sampan' } })],
  ['hostPath that is made', volume({ hostPath: { path: '/tmp/made', type: 'DirectoryOrCreate' } })],
  [
    'hostPath of containerd’s socket',
    volume({ hostPath: { path: '/run/containerd/containerd.sock', type: 'Socket' } }),
  ],
  ['hostNetwork', { hostNetwork: true }],
  ['hostPID', { hostPID: true }],
  ['hostIPC', { hostIPC: true }],
  ['hostPort', { containers: [container({ ports: [{ containerPort: 80, hostPort: 8099 }] })] }],
  ['SYS_ADMIN', secured({ capabilities: { add: ['SYS_ADMIN'] } })],
  ['ALL capabilities', secured({ capabilities: { add: ['ALL'] } })],
  ['capabilities in small letters', secured({ capabilities: { add: ['cap_sys_admin'] } })],
  ['no seccomp', secured({ seccompProfile: { type: 'Unconfined' } })],
  [
    'a seccomp profile of the machine',
    secured({ seccompProfile: { type: 'Localhost', localhostProfile: '../../x' } }),
  ],
  ['all of /proc', { hostUsers: false, ...secured({ procMount: 'Unmasked' }) }],
  [
    'sysctls of the machine',
    { securityContext: { sysctls: [{ name: 'kernel.core_pattern', value: '|/x' }] } },
  ],
  ['sysctls that are unsafe', { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }],
  ['system priority', { priorityClassName: 'system-node-critical' }],
  ['to be a static pod', {}, { annotations: { 'kubernetes.io/config.source': 'file' } }],
  ['no AppArmor', {}, { annotations: { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' } }],
  [
    'probes of the machine',
    { containers: [container({ livenessProbe: { httpGet: { host: '127.0.0.1', port: 1 } } })] },
  ],
  [
    'hooks to the machine',
    {
      containers: [container({ lifecycle: { postStart: { httpGet: { host: '127.0.0.1', port: 1 } } } })],
    },
  ],
  ['NFS', volume({ nfs: { server: '127.0.0.1', path: '/' } })],
  ['iSCSI', volume({ iscsi: { targetPortal: '127.0.0.1', iqn: 'iqn.2001-04.com.example:x', lun: 0 } })],
  ['flexVolumes', volume({ flexVolume: { driver: 'x/y' } })],
  ['CSI drivers of the machine', volume({ csi: { driver: 'x.y' } })],
  [
    'mounts that spread',
    {
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [
        container({ volumeMounts: [{ name: 'v', mountPath: '/v', mountPropagation: 'Bidirectional' }] }),
      ],
    },
  ],
  [
    'a privileged init container',
    { initContainers: [{ ...container(), name: 'i', securityContext: { privileged: true } }] },
  ],
  ['a runtime of no name', { runtimeClassName: 'mine' }],
];
