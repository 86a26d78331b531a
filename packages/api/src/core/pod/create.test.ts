import { describe, expect, it } from 'vitest';
import { created, createMessages } from '../testing.ts';
import { podRules } from './rules.ts';

const container = { name: 'c', image: 'web:1' };
/** A pod as admission leaves it: with a service account. */
const pod = (spec: Record<string, unknown>, metadata: Record<string, unknown> = {}) => ({
  metadata,
  spec: { serviceAccountName: 'default', containers: [container], ...spec },
});
const errors = (spec: Record<string, unknown>, metadata?: Record<string, unknown>): string[] =>
  createMessages(podRules, pod(spec, metadata));
const ofContainer = (fields: Record<string, unknown>): string[] =>
  errors({ containers: [{ ...container, ...fields }] });
const RFC1123 =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

describe('defaults of a new pod', () => {
  const spec = created(podRules, pod({})).spec as Record<string, unknown>;

  it('are those of the API reference', () => {
    expect(spec).toEqual({
      serviceAccountName: 'default',
      serviceAccount: 'default',
      containers: [
        {
          ...container,
          imagePullPolicy: 'IfNotPresent',
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
      ],
      dnsPolicy: 'ClusterFirst',
      enableServiceLinks: true,
      restartPolicy: 'Always',
      schedulerName: 'default-scheduler',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
    });
  });

  it.each([
    ['web', 'Always'],
    ['web:latest', 'Always'],
    ['web:1', 'IfNotPresent'],
    ['registry:5000/web', 'Always'],
    [`web@sha256:${'a'.repeat(64)}`, 'IfNotPresent'],
  ])('pull %s %s', (image, policy) => {
    const made = created(podRules, pod({ containers: [{ name: 'c', image }] }));
    expect(made.spec).toMatchObject({ containers: [{ imagePullPolicy: policy }] });
  });

  it('make requests of limits', () => {
    const made = created(
      podRules,
      pod({ containers: [{ ...container, resources: { limits: { cpu: '1' } } }] }),
    );
    expect(made.spec).toMatchObject({ containers: [{ resources: { requests: { cpu: '1' } } }] });
  });

  it('start it pending, with the class of its resources', () => {
    const resources = { limits: { cpu: '1', memory: '1Gi' } };
    expect(created(podRules, pod({})).status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
    expect(created(podRules, pod({ containers: [{ ...container, resources }] })).status).toMatchObject({
      qosClass: 'Guaranteed',
    });
  });
});

describe('a new pod', () => {
  it('is fine with a name and an image', () => expect(errors({})).toEqual([]));

  it.each<[string, Record<string, unknown>, string[]]>([
    ['no containers', { containers: [] }, ['spec.containers: Required value']],
    [
      'a container without a name',
      { containers: [{ image: 'a' }] },
      ['spec.containers[0].name: Required value'],
    ],
    [
      'a container without an image',
      { containers: [{ name: 'a' }] },
      ['spec.containers[0].image: Required value'],
    ],
    [
      'a bad name of a container',
      { containers: [{ ...container, name: 'A_' }] },
      [`spec.containers[0].name: Invalid value: "A_": ${RFC1123}`],
    ],
    [
      'two containers of one name',
      { containers: [container, container] },
      ['spec.containers[1].name: Duplicate value: "c"'],
    ],
    [
      'an unknown restart policy',
      { restartPolicy: 'Odd' },
      ['spec.restartPolicy: Unsupported value: "Odd": supported values: "Always", "OnFailure", "Never"'],
    ],
    [
      'an unknown DNS policy',
      { dnsPolicy: 'Odd' },
      [
        'spec.dnsPolicy: Unsupported value: "Odd": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
      ],
    ],
    [
      'no DNS servers though none are given by the cluster',
      { dnsPolicy: 'None' },
      ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
    ],
    [
      'a deadline of nothing',
      { activeDeadlineSeconds: 0 },
      ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
    ],
    [
      'ephemeral containers',
      { ephemeralContainers: [{ ...container, name: 'd' }] },
      ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
    ],
    [
      'a volume twice',
      {
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'v', emptyDir: {} },
        ],
      },
      ['spec.volumes[1].name: Duplicate value: "v"'],
    ],
    [
      'a volume of two kinds',
      { volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }] },
      ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
    ],
    [
      'a volume of a secret without a name',
      { volumes: [{ name: 'v', secret: {} }] },
      ['spec.volumes[0].secret.secretName: Required value'],
    ],
    [
      'a path of the host with a way up',
      { volumes: [{ name: 'v', hostPath: { path: '/a/../b' } }] },
      ['spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain \'..\''],
    ],
    [
      'scheduling gates and a node',
      { nodeName: 'n', schedulingGates: [{ name: 'a' }] },
      ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared'],
    ],
    [
      'a toleration of all that names a value',
      { tolerations: [{ operator: 'Exists', value: 'x' }] },
      ['spec.tolerations[0].operator: Invalid value: "x": value must be empty when `operator` is \'Exists\''],
    ],
    [
      'a toleration of some seconds of another effect',
      { tolerations: [{ key: 'a', effect: 'NoSchedule', operator: 'Exists', tolerationSeconds: 5 }] },
      [
        'spec.tolerations[0].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
      ],
    ],
    [
      'a spread constraint without a skew',
      {
        topologySpreadConstraints: [{ topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', maxSkew: 0 }],
      },
      ['spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero'],
    ],
  ])('is refused with %s', (_, spec, messages) => {
    expect(errors(spec)).toEqual(messages);
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    [
      'a request above its limit',
      { resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } },
      [
        'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
      ],
    ],
    [
      'a negative request',
      { resources: { requests: { cpu: '-1' } } },
      ['spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
    ],
    [
      'a port out of range',
      { ports: [{ containerPort: 0 }] },
      ['spec.containers[0].ports[0].containerPort: Required value'],
    ],
    [
      'a port too large',
      { ports: [{ containerPort: 70000 }] },
      [
        'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
      ],
    ],
    [
      'an unknown protocol',
      { ports: [{ containerPort: 80, protocol: 'ICMP' }] },
      [
        'spec.containers[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
      ],
    ],
    [
      'an environment variable with a value and a source',
      { env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
      [
        'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
      ],
    ],
    [
      'a mount of an unknown volume',
      { volumeMounts: [{ name: 'v', mountPath: '/a' }] },
      ['spec.containers[0].volumeMounts[0].name: Not found: "v"'],
    ],
    [
      'a probe of nothing',
      { livenessProbe: {} },
      ['spec.containers[0].livenessProbe: Required value: must specify a handler type'],
    ],
    [
      'a liveness probe that must succeed twice',
      { livenessProbe: { exec: { command: ['a'] }, successThreshold: 2 } },
      ['spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1'],
    ],
    [
      'a pull policy that is unknown',
      { imagePullPolicy: 'Odd' },
      [
        'spec.containers[0].imagePullPolicy: Unsupported value: "Odd": supported values: "Always", "IfNotPresent", "Never"',
      ],
    ],
    [
      'an image between spaces',
      { image: ' web ' },
      ['spec.containers[0].image: Invalid value: " web ": must not have leading or trailing whitespace'],
    ],
  ])('is refused with %s', (_, fields, messages) => {
    expect(ofContainer(fields)).toEqual(messages);
  });

  it('may have a sidecar with probes among its init containers', () => {
    const sidecar = {
      ...container,
      name: 's',
      restartPolicy: 'Always',
      startupProbe: { tcpSocket: { port: 80 } },
    };
    expect(errors({ initContainers: [sidecar] })).toEqual([]);
    const { restartPolicy: _, ...plain } = sidecar;
    expect(errors({ initContainers: [plain] })).toEqual([
      'spec.initContainers[0].startupProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ]);
  });

  it('leaves objects of other makers alone: keys of Object.prototype are plain names', () => {
    expect(errors({ nodeSelector: { constructor: 'a' } }, { labels: { constructor: 'b' } })).toEqual([]);
  });
});

describe('a very large pod', () => {
  const many = <T>(make: (i: number) => T): T[] => Array.from({ length: 150_000 }, (_, i) => make(i));

  it('is refused in time that grows with its size alone', () => {
    const labels = Object.fromEntries(many((i) => [`a${i}`, '@']));
    expect(errors({ nodeSelector: labels })).toHaveLength(150_000);
    const paths = many((i) => ({ configMap: { name: 'a', items: [{ key: 'k', path: `p${i}` }] } }));
    const made = created(podRules, pod({ volumes: [{ name: 'v', projected: { sources: paths } }] }));
    expect(podRules.warnings?.(made, undefined).length).toBeLessThan(20_000);
  });
});
