/** Pods: defaults and validation. */
import { kindScenario, namespace, serviceAccount } from '../build.ts';

const NS = '/api/v1/namespaces/trial-pods';
const C = 'spec/containers/0';
const LONG = 'a'.repeat(64);

const vol = (source: object) => ({ 'spec/volumes': [{ name: 'v', ...source }] });
const mount = (more: object) => ({
  'spec/volumes': [{ name: 'v', emptyDir: {} }],
  [`${C}/volumeMounts`]: [{ name: 'v', mountPath: '/v', ...more }],
});
const probe = (more: object) => ({ [`${C}/livenessProbe`]: more });
const affinity = (more: object) => ({ 'spec/affinity': more });
const env = (...list: object[]) => ({ [`${C}/env`]: list });

export const PODS = kindScenario({
  name: 'pods',
  before: [namespace('trial-pods'), serviceAccount('trial-pods')],
  collection: `${NS}/pods`,
  object: {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', labels: { app: 'web' } },
    spec: { automountServiceAccountToken: false, containers: [{ name: 'c', image: 'busybox:1.36' }] },
  },
  cases: {
    'token volume': { 'spec/automountServiceAccountToken': undefined },
    'no spec': { spec: undefined },
    'no containers': { 'spec/containers': [] },
    'containers are an object': { 'spec/containers': {} },
    'container without a name': { [`${C}/name`]: undefined },
    'container name with capitals': { [`${C}/name`]: 'Main' },
    'container name too long': { [`${C}/name`]: LONG },
    'container without an image': { [`${C}/image`]: undefined },
    'image with spaces': { [`${C}/image`]: ' busybox ' },
    'latest image': { [`${C}/image`]: 'busybox' },
    'image by digest': {
      [`${C}/image`]:
        'registry.example.com:5000/a/b@sha256:0000000000000000000000000000000000000000000000000000000000000000',
    },
    'unknown pull policy': { [`${C}/imagePullPolicy`]: 'Sometimes' },
    'two containers of one name': {
      'spec/containers': [
        { name: 'c', image: 'a' },
        { name: 'c', image: 'b' },
      ],
    },
    'container and init container of one name': { 'spec/initContainers': [{ name: 'c', image: 'a' }] },
    'init container': { 'spec/initContainers': [{ name: 'i', image: 'a' }] },
    'init container with a readiness probe': {
      'spec/initContainers': [{ name: 'i', image: 'a', readinessProbe: { exec: { command: ['x'] } } }],
    },
    'pod name with capitals': { 'metadata/name': 'Pod' },
    'pod name with an underscore': { 'metadata/name': 'a_b' },
    'pod name too long': { 'metadata/name': 'a'.repeat(254) },
    'label key with two slashes': { 'metadata/labels': { 'a/b/c': 'x' } },
    'label key too long': { 'metadata/labels': { [LONG]: 'x' } },
    'label value too long': { 'metadata/labels': { a: LONG } },
    'label value with spaces': { 'metadata/labels': { a: 'x y' } },
    'annotation key with spaces': { 'metadata/annotations': { 'a b': 'x' } },
    'unknown restart policy': { 'spec/restartPolicy': 'Maybe' },
    'unknown DNS policy': { 'spec/dnsPolicy': 'Some' },
    'DNS policy None without servers': { 'spec/dnsPolicy': 'None' },
    'DNS config': {
      'spec/dnsPolicy': 'None',
      'spec/dnsConfig': {
        nameservers: ['1.1.1.1'],
        searches: ['example.com'],
        options: [{ name: 'ndots', value: '2' }],
      },
    },
    'DNS config with a bad server': { 'spec/dnsConfig': { nameservers: ['one'] } },
    'negative grace period': { 'spec/terminationGracePeriodSeconds': -1 },
    'negative active deadline': { 'spec/activeDeadlineSeconds': -5 },
    'zero active deadline': { 'spec/activeDeadlineSeconds': 0 },
    'grace period is text': { 'spec/terminationGracePeriodSeconds': '30' },
    hostname: { 'spec/hostname': 'h', 'spec/subdomain': 's' },
    'bad hostname': { 'spec/hostname': 'a.b' },
    'bad subdomain': { 'spec/subdomain': '-a' },
    'bad nodeName': { 'spec/nodeName': 'A B' },
    'bad service account name': { 'spec/serviceAccountName': 'A B' },
    'service account that is not there': { 'spec/serviceAccountName': 'nobody' },
    'the old serviceAccount field': { 'spec/serviceAccount': 'default' },
    'bad node selector': { 'spec/nodeSelector': { 'a b': 'c d' } },
    'image pull secrets': { 'spec/imagePullSecrets': [{ name: 'a' }] },
    'image pull secret without a name': { 'spec/imagePullSecrets': [{}] },
    'host network': { 'spec/hostNetwork': true, [`${C}/ports`]: [{ containerPort: 80 }] },
    'host network with another host port': {
      'spec/hostNetwork': true,
      [`${C}/ports`]: [{ containerPort: 80, hostPort: 81 }],
    },
    'host PID and shared processes': { 'spec/hostPID': true, 'spec/shareProcessNamespace': true },
    'host aliases': { 'spec/hostAliases': [{ ip: '10.0.0.1', hostnames: ['a', 'b.c'] }] },
    'bad host aliases': { 'spec/hostAliases': [{ ip: 'x', hostnames: ['A_'] }] },
    ports: {
      [`${C}/ports`]: [
        { name: 'http', containerPort: 80 },
        { containerPort: 53, protocol: 'UDP', hostPort: 53 },
      ],
    },
    'port zero': { [`${C}/ports`]: [{ containerPort: 0 }] },
    'port too high': { [`${C}/ports`]: [{ containerPort: 70000, hostPort: -1 }] },
    'port without a number': { [`${C}/ports`]: [{ name: 'http' }] },
    'unknown protocol': { [`${C}/ports`]: [{ containerPort: 80, protocol: 'ICMP' }] },
    'bad port name': {
      [`${C}/ports`]: [
        { name: 'UPPER', containerPort: 80 },
        { name: 'a--b', containerPort: 81 },
        { name: '123', containerPort: 82 },
        { name: 'seventeen-letters', containerPort: 83 },
      ],
    },
    'ports of one name': {
      [`${C}/ports`]: [
        { name: 'http', containerPort: 80 },
        { name: 'http', containerPort: 81 },
      ],
    },
    'host ports twice': {
      [`${C}/ports`]: [
        { containerPort: 80, hostPort: 80 },
        { containerPort: 81, hostPort: 80 },
      ],
    },
    'port is text': { [`${C}/ports`]: [{ containerPort: '80' }] },
    env: env(
      { name: 'A', value: 'b' },
      { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'C', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
    ),
    'env from config and secret': {
      [`${C}/envFrom`]: [
        { prefix: 'P_', configMapRef: { name: 'a' } },
        { secretRef: { name: 'b', optional: true } },
      ],
    },
    'env without a name': env({ value: 'b' }),
    'env with a bad name': env({ name: '1=2' }),
    'env with value and source': env({
      name: 'A',
      value: 'b',
      valueFrom: { fieldRef: { fieldPath: 'metadata.name' } },
    }),
    'env with two sources': env({
      name: 'A',
      valueFrom: { fieldRef: { fieldPath: 'metadata.name' }, secretKeyRef: { name: 'a', key: 'b' } },
    }),
    'env with an empty source': env({ name: 'A', valueFrom: {} }),
    'env from an unknown field': env({ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.unknown' } } }),
    'env from a label': env({ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } }),
    'env from a bad secret key': env({ name: 'A', valueFrom: { secretKeyRef: { name: 'a', key: 'b c' } } }),
    'env from config without a key': env({ name: 'A', valueFrom: { configMapKeyRef: { name: 'a' } } }),
    'env from an unknown resource': env({
      name: 'A',
      valueFrom: { resourceFieldRef: { resource: 'limits.disks' } },
    }),
    'env from a bad divisor': env({
      name: 'A',
      valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '3' } },
    }),
    'envFrom with a bad prefix': {
      [`${C}/envFrom`]: [{ prefix: '1', configMapRef: { name: 'a' } }, {}, { configMapRef: { name: '' } }],
    },
    resources: {
      [`${C}/resources`]: {
        limits: { cpu: '1', memory: '128Mi', 'example.com/gpu': 2 },
        requests: { cpu: '0.5' },
      },
    },
    'quantities are made canonical': {
      [`${C}/resources`]: {
        limits: { cpu: '0.1', memory: '1024Ki', 'ephemeral-storage': '1e3' },
        requests: { cpu: '100m', memory: 1048576 },
      },
    },
    'bad quantity': { [`${C}/resources`]: { limits: { cpu: 'one' } } },
    'negative quantity': { [`${C}/resources`]: { limits: { cpu: '-1' } } },
    'request above the limit': { [`${C}/resources`]: { limits: { cpu: '1' }, requests: { cpu: '2' } } },
    'unknown resource': { [`${C}/resources`]: { limits: { disks: '1' } } },
    'extended resource of a fraction': { [`${C}/resources`]: { limits: { 'example.com/gpu': '0.5' } } },
    'extended resource with another request': {
      [`${C}/resources`]: { limits: { 'example.com/gpu': '2' }, requests: { 'example.com/gpu': '1' } },
    },
    'huge pages without memory': { [`${C}/resources`]: { limits: { 'hugepages-2Mi': '4Mi' } } },
    'probe defaults': probe({ httpGet: { path: '/x', port: 80 } }),
    'probe by name, command and TCP': {
      [`${C}/livenessProbe`]: { httpGet: { port: 'http', scheme: 'HTTPS' } },
      [`${C}/readinessProbe`]: { exec: { command: ['true'] } },
      [`${C}/startupProbe`]: { tcpSocket: { port: 1 } },
    },
    'probe without a handler': probe({ periodSeconds: 5 }),
    'probe with two handlers': probe({ exec: { command: ['x'] }, tcpSocket: { port: 1 } }),
    'probe with negative numbers': probe({
      exec: { command: ['x'] },
      initialDelaySeconds: -1,
      timeoutSeconds: -1,
      periodSeconds: -1,
      successThreshold: -1,
      failureThreshold: -1,
    }),
    'liveness with a success threshold': probe({ exec: { command: ['x'] }, successThreshold: 2 }),
    'probe with an empty command': probe({ exec: {} }),
    'probe with a bad port': probe({ httpGet: { path: '', port: 0 } }),
    'probe with a bad port name': probe({ httpGet: { port: 'A B' } }),
    'probe with a bad scheme': probe({ httpGet: { port: 1, scheme: 'FTP' } }),
    'probe with a bad header': probe({ httpGet: { port: 1, httpHeaders: [{ name: 'a b', value: '1' }] } }),
    lifecycle: {
      [`${C}/lifecycle`]: { postStart: { exec: { command: ['x'] } }, preStop: { httpGet: { port: 80 } } },
    },
    'lifecycle without a handler': { [`${C}/lifecycle`]: { postStart: {} } },
    'termination message': {
      [`${C}/terminationMessagePath`]: '/x',
      [`${C}/terminationMessagePolicy`]: 'FallbackToLogsOnError',
    },
    'bad termination message policy': { [`${C}/terminationMessagePolicy`]: 'None' },
    'security context': {
      'spec/securityContext': {
        runAsUser: 1,
        fsGroup: 2,
        supplementalGroups: [3],
        runAsNonRoot: true,
        sysctls: [{ name: 'kernel.shm_rmid_forced', value: '0' }],
      },
      [`${C}/securityContext`]: {
        privileged: true,
        capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
        readOnlyRootFilesystem: true,
      },
    },
    'seccomp profiles': { 'spec/securityContext': { seccompProfile: { type: 'RuntimeDefault' } } },
    'seccomp profile without a path': { 'spec/securityContext': { seccompProfile: { type: 'Localhost' } } },
    'unknown seccomp profile': { 'spec/securityContext': { seccompProfile: { type: 'Odd' } } },
    'negative users': {
      'spec/securityContext': { runAsUser: -1, runAsGroup: -1, fsGroup: -1, supplementalGroups: [-1] },
      [`${C}/securityContext`]: { runAsUser: -2, runAsGroup: -2 },
    },
    'bad sysctls': {
      'spec/securityContext': {
        sysctls: [
          { name: 'a b', value: '' },
          { name: '', value: '' },
        ],
      },
    },
    'privileged without escalation': {
      [`${C}/securityContext`]: { privileged: true, allowPrivilegeEscalation: false },
    },
    'bad proc mount': { [`${C}/securityContext`]: { procMount: 'Odd' } },
    'all kinds of volumes': {
      'spec/volumes': [
        { name: 'none' },
        { name: 'empty', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
        { name: 'host', hostPath: { path: '/a' } },
        { name: 'config', configMap: { name: 'a', items: [{ key: 'a', path: 'b', mode: 256 }] } },
        { name: 'secret', secret: { secretName: 'a' } },
        { name: 'down', downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        { name: 'claim', persistentVolumeClaim: { claimName: 'a' } },
        {
          name: 'projected',
          projected: {
            sources: [
              { serviceAccountToken: { path: 't' } },
              { configMap: { name: 'a' } },
              { secret: { name: 'a' } },
            ],
          },
        },
        { name: 'nfs', nfs: { server: 'a', path: '/b' } },
        {
          name: 'iscsi',
          iscsi: { targetPortal: '1.2.3.4', iqn: 'iqn.2001-04.com.example:storage.disk1', lun: 0 },
        },
        { name: 'csi', csi: { driver: 'csi.example.com' } },
        {
          name: 'ephemeral',
          ephemeral: {
            volumeClaimTemplate: {
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          },
        },
      ],
    },
    'volume with a bad name': vol({ name: 'A_', emptyDir: {} }),
    'volumes of one name': {
      'spec/volumes': [
        { name: 'v', emptyDir: {} },
        { name: 'v', emptyDir: {} },
      ],
    },
    'volume with two sources': vol({ emptyDir: {}, hostPath: { path: '/a' } }),
    'volume with an unknown source': vol({ cloud: {} }),
    'host path that goes up': vol({ hostPath: { path: '/a/../b' } }),
    'host path without a path': vol({ hostPath: {} }),
    'host path of an unknown type': vol({ hostPath: { path: '/a', type: 'Odd' } }),
    'empty dir with a negative size': vol({ emptyDir: { sizeLimit: '-1' } }),
    'secret volume without a name': vol({ secret: {} }),
    'secret volume with a bad mode': vol({ secret: { secretName: 'a', defaultMode: 1000 } }),
    'config volume with bad items': vol({
      configMap: {
        name: 'a',
        items: [
          { key: '', path: '' },
          { key: 'a', path: '/b' },
          { key: 'a', path: '../b', mode: 1000 },
        ],
      },
    }),
    'config volume without a name': vol({ configMap: {} }),
    'claim volume without a name': vol({ persistentVolumeClaim: {} }),
    'downward volume with bad items': vol({
      downwardAPI: {
        items: [
          { path: 'a' },
          { path: 'b', fieldRef: { fieldPath: 'spec.nodeName' } },
          { path: '..', resourceFieldRef: { resource: 'limits.cpu' } },
        ],
      },
    }),
    'projected volume with bad sources': vol({
      projected: {
        sources: [
          {},
          { serviceAccountToken: { path: '', expirationSeconds: 5 } },
          { configMap: { name: 'a' }, secret: { name: 'b' } },
        ],
      },
    }),
    'nfs volume without a server': vol({ nfs: { path: 'b' } }),
    'csi volume without a driver': vol({ csi: {} }),
    'ephemeral volume without a template': vol({ ephemeral: {} }),
    mounts: mount({ readOnly: true, subPath: 'a' }),
    'mount of no volume': { [`${C}/volumeMounts`]: [{ name: 'nope', mountPath: '/v' }] },
    'mount without a path': mount({ mountPath: '' }),
    'mounts at one path': {
      'spec/volumes': [{ name: 'v', emptyDir: {} }],
      [`${C}/volumeMounts`]: [
        { name: 'v', mountPath: '/v' },
        { name: 'v', mountPath: '/v' },
      ],
    },
    'mount with a bad subPath': mount({ subPath: '../a' }),
    'mount with both subPaths': mount({ subPath: 'a', subPathExpr: 'b' }),
    'mount with bad propagation': mount({ mountPropagation: 'Odd' }),
    'mount with propagation but no privilege': mount({ mountPropagation: 'Bidirectional' }),
    'block device of no volume': { [`${C}/volumeDevices`]: [{ name: 'd', devicePath: '/dev/x' }] },
    tolerations: {
      'spec/tolerations': [
        { key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 },
        { operator: 'Exists' },
      ],
    },
    'own default tolerations': {
      'spec/tolerations': [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }],
    },
    'bad tolerations': {
      'spec/tolerations': [
        { key: 'a b', operator: 'Odd', effect: 'Odd' },
        { value: 'x', operator: 'Exists' },
        { operator: 'Equal' },
        { key: 'a', tolerationSeconds: 5 },
      ],
    },
    'node affinity': affinity({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }],
        },
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 1,
            preference: { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] },
          },
        ],
      },
    }),
    'bad node affinity': affinity({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            {
              matchExpressions: [
                { key: 'a', operator: 'Odd' },
                { key: 'b', operator: 'In' },
                { key: 'c', operator: 'Exists', values: ['x'] },
                { key: 'd', operator: 'Gt', values: ['1', '2'] },
                { key: 'e e', operator: 'Exists' },
              ],
              matchFields: [{ key: 'spec.x', operator: 'In', values: ['a', 'b'] }],
            },
          ],
        },
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 0, preference: {} },
          { weight: 101, preference: {} },
        ],
      },
    }),
    'node affinity without terms': affinity({
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
    }),
    'pod affinity': affinity({
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'zone', labelSelector: { matchLabels: { a: 'b' } } },
        ],
      },
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 5, podAffinityTerm: { topologyKey: 'zone' } },
        ],
      },
    }),
    'bad pod affinity': affinity({
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { labelSelector: { matchExpressions: [{ key: 'a', operator: 'Odd' }] } },
          { topologyKey: 'a b', namespaces: ['A B'] },
        ],
      },
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 0, podAffinityTerm: {} }],
      },
    }),
    'topology spread': {
      'spec/topologySpreadConstraints': [
        { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} },
      ],
    },
    'bad topology spread': {
      'spec/topologySpreadConstraints': [
        { maxSkew: 0, whenUnsatisfiable: 'Odd' },
        { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' },
        { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' },
      ],
    },
    'priority class': { 'spec/priorityClassName': 'system-node-critical' },
    'priority class that is not there': { 'spec/priorityClassName': 'nope' },
    'priority of its own': { 'spec/priority': 5 },
    'preemption policy': { 'spec/preemptionPolicy': 'Odd' },
    'runtime class that is not there': { 'spec/runtimeClassName': 'nope' },
    'readiness gates': { 'spec/readinessGates': [{ conditionType: 'example.com/ready' }] },
    'bad readiness gates': { 'spec/readinessGates': [{ conditionType: 'a b' }] },
    'ephemeral containers at creation': { 'spec/ephemeralContainers': [{ name: 'e', image: 'a' }] },
    'status at creation is dropped': { status: { phase: 'Running', podIP: '1.2.3.4' } },
    'owner reference': {
      'metadata/ownerReferences': [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: '1' }],
    },
    'bad owner references': {
      'metadata/ownerReferences': [{}, { apiVersion: 'v1', kind: 'Event', name: 'a', uid: '1' }],
    },
    'two controllers': {
      'metadata/ownerReferences': [
        { apiVersion: 'v1', kind: 'A', name: 'a', uid: '1', controller: true },
        { apiVersion: 'v1', kind: 'B', name: 'b', uid: '2', controller: true },
      ],
    },
    'bad finalizers': { 'metadata/finalizers': ['a b', 'short', 'example.com/good'] },
    'everything wrong at once': {
      'metadata/name': 'A',
      'spec/restartPolicy': 'x',
      'spec/dnsPolicy': 'y',
      [`${C}/name`]: 'Z',
      [`${C}/ports`]: [{ containerPort: -1 }],
    },
  },
  updates: {
    'change the image': { [`${C}/image`]: 'busybox:1.37' },
    'change the command': { [`${C}/command`]: ['x'] },
    'change the node': { 'spec/nodeName': 'n' },
    'change the restart policy': { 'spec/restartPolicy': 'Never' },
    'add a container': {
      'spec/containers': [
        { name: 'c', image: 'busybox:1.36' },
        { name: 'd', image: 'b' },
      ],
    },
    'add a toleration': { 'spec/tolerations': [{ key: 'a', operator: 'Exists' }] },
    'set an active deadline': { 'spec/activeDeadlineSeconds': 10 },
    'remove the image': { [`${C}/image`]: '' },
    'change the creation time': { 'metadata/creationTimestamp': '2001-01-01T00:00:00Z' },
    'change the generation': { 'metadata/generation': 44 },
    'change the owner to nonsense': { 'metadata/ownerReferences': [{ kind: 'x' }] },
  },
  status: {
    phase: 'Running',
    podIP: '10.1.2.3',
    podIPs: [{ ip: '10.1.2.3' }],
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [
      {
        name: 'c',
        ready: true,
        restartCount: 1,
        image: 'busybox:1.36',
        imageID: 'x',
        state: { running: { startedAt: '2020-01-01T00:00:00Z' } },
      },
    ],
  },
});
