import { describe, expect, it } from 'vitest';
import type { Node, Pod } from '../src/types.ts';
import { Harness } from './harness.ts';
import { nodeOf, podOf } from './objects.ts';

const tainted = (...taints: object[]): Node => nodeOf('n', {}, { spec: { taints } });
const labeled = (labels: Record<string, string>): Node => nodeOf('n', {}, { metadata: { labels } });
const withSpec = (spec: object): Pod => podOf('p', {}, { spec });
const DEDICATED = { key: 'dedicated', value: 'user1', effect: 'NoSchedule' };
const affine = (...nodeSelectorTerms: object[]): Pod =>
  withSpec({
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
    },
  });
const expressions = (...matchExpressions: object[]): object => ({ matchExpressions });
const ports = (...list: [number, string?, string?][]): object => ({
  containers: [
    {
      name: 'c',
      image: 'c:1',
      ports: list.map(([hostPort, protocol, hostIP]) => ({ containerPort: 80, hostPort, protocol, hostIP })),
    },
  ],
});
const NOT_SELECTED = "node(s) didn't match Pod's node affinity/selector";
const TAINTED = 'node(s) had untolerated taint {dedicated: user1}';
const NO_PORT = "node(s) didn't have free ports for the requested pod ports";

/** [what, pod, node, why not]. */
const TABLE: readonly (readonly [string, Pod, Node, string?])[] = [
  ['no requests fit anywhere', podOf('p'), nodeOf('n', { cpu: '0', memory: '0' })],
  ['what fits exactly fits', podOf('p', { cpu: '4', memory: '8Gi' }), nodeOf('n')],
  ['too much CPU', podOf('p', { cpu: '4001m' }), nodeOf('n'), 'Insufficient cpu'],
  [
    'all that is missing is named',
    podOf('p', { cpu: '5', memory: '9Gi' }),
    nodeOf('n'),
    'Insufficient cpu+Insufficient memory',
  ],
  [
    'ephemeral storage',
    podOf('p', { 'ephemeral-storage': '2Gi' }),
    nodeOf('n', { 'ephemeral-storage': '1Gi' }),
    'Insufficient ephemeral-storage',
  ],
  [
    'devices there are none of',
    podOf('p', { 'example.com/gpu': '1' }),
    nodeOf('n'),
    'Insufficient example.com/gpu',
  ],
  ['devices there are', podOf('p', { 'example.com/gpu': '1' }), nodeOf('n', { 'example.com/gpu': '1' })],
  ['no room for another pod', podOf('p'), nodeOf('n', { pods: '0' }), 'Too many pods'],
  [
    'init containers count as the largest of them',
    withSpec({
      initContainers: [
        { name: 'a', resources: { requests: { cpu: '3' } } },
        { name: 'b', resources: { requests: { cpu: '4' } } },
      ],
      containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }],
    }),
    nodeOf('n'),
  ],
  [
    'sidecars run beside the others',
    withSpec({
      initContainers: [{ name: 'a', restartPolicy: 'Always', resources: { requests: { cpu: '2' } } }],
      containers: [{ name: 'c', resources: { requests: { cpu: '3' } } }],
    }),
    nodeOf('n'),
    'Insufficient cpu',
  ],
  [
    'the overhead counts',
    withSpec({
      overhead: { cpu: '1' },
      containers: [{ name: 'c', resources: { requests: { cpu: '3500m' } } }],
    }),
    nodeOf('n'),
    'Insufficient cpu',
  ],
  [
    'pod-level requests count instead of those of containers',
    withSpec({
      resources: { requests: { cpu: '2' } },
      containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }],
    }),
    nodeOf('n', { cpu: '1500m' }),
    'Insufficient cpu',
  ],
  [
    'a cordoned node',
    podOf('p'),
    nodeOf('n', {}, { spec: { unschedulable: true } }),
    'node(s) were unschedulable',
  ],
  [
    'a cordoned node is borne',
    withSpec({ tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }] }),
    nodeOf('n', {}, { spec: { unschedulable: true } }),
  ],
  ['a taint', podOf('p'), tainted(DEDICATED), TAINTED],
  [
    'a taint that is borne by value',
    withSpec({ tolerations: [{ key: 'dedicated', value: 'user1' }] }),
    tainted(DEDICATED),
  ],
  [
    'a taint of another value',
    withSpec({ tolerations: [{ key: 'dedicated', value: 'user2' }] }),
    tainted(DEDICATED),
    TAINTED,
  ],
  ['all taints are borne', withSpec({ tolerations: [{ operator: 'Exists' }] }), tainted(DEDICATED)],
  [
    'borne for another effect',
    withSpec({ tolerations: [{ key: 'dedicated', operator: 'Exists', effect: 'NoExecute' }] }),
    tainted(DEDICATED),
    TAINTED,
  ],
  ['a taint that only prefers', podOf('p'), tainted({ ...DEDICATED, effect: 'PreferNoSchedule' })],
  ['a node selector', withSpec({ nodeSelector: { disk: 'ssd' } }), labeled({ disk: 'ssd' })],
  [
    'a node selector without the label',
    withSpec({ nodeSelector: { disk: 'ssd' } }),
    nodeOf('n'),
    NOT_SELECTED,
  ],
  [
    'labels of the prototype are no labels',
    withSpec({ nodeSelector: { constructor: 'x' } }),
    nodeOf('n'),
    NOT_SELECTED,
  ],
  [
    'In',
    affine(expressions({ key: 'disk', operator: 'In', values: ['ssd', 'hdd'] })),
    labeled({ disk: 'hdd' }),
  ],
  [
    'NotIn without the label',
    affine(expressions({ key: 'disk', operator: 'NotIn', values: ['ssd'] })),
    nodeOf('n'),
  ],
  ['Gt', affine(expressions({ key: 'cores', operator: 'Gt', values: ['4'] })), labeled({ cores: '5' })],
  [
    'Gt of no number',
    affine(expressions({ key: 'cores', operator: 'Gt', values: ['4'] })),
    labeled({ cores: 'x' }),
    NOT_SELECTED,
  ],
  [
    'Lt',
    affine(expressions({ key: 'cores', operator: 'Lt', values: ['4'] })),
    labeled({ cores: '5' }),
    NOT_SELECTED,
  ],
  [
    'one of two terms',
    affine(expressions({ key: 'a', operator: 'Exists' }), expressions({ key: 'disk', operator: 'Exists' })),
    labeled({ disk: 'x' }),
  ],
  [
    'all expressions of a term',
    affine(expressions({ key: 'a', operator: 'Exists' }, { key: 'disk', operator: 'Exists' })),
    labeled({ disk: 'x' }),
    NOT_SELECTED,
  ],
  ['an empty term matches nothing', affine({}), nodeOf('n'), NOT_SELECTED],
  [
    'the name of the node',
    affine({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }),
    nodeOf('n'),
  ],
  [
    'the name of another node',
    affine({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['m'] }] }),
    nodeOf('n'),
    "node(s) didn't satisfy plugin(s) [NodeAffinity]",
  ],
];

/** [what, port of the pod that is there, port of the pod that comes, free]. */
const PORTS: readonly (readonly [string, [number, string?, string?], [number, string?, string?], boolean])[] =
  [
    ['another port', [8080], [8081], true],
    ['the same port', [8080], [8080], false],
    ['another protocol', [8080, 'TCP'], [8080, 'UDP'], true],
    ['another address', [8080, 'TCP', '127.0.0.1'], [8080, 'TCP', '127.0.0.2'], true],
    ['all addresses after one', [8080, 'TCP', '127.0.0.1'], [8080, 'TCP', '0.0.0.0'], false],
    ['one address after all', [8080, 'TCP', '0.0.0.0'], [8080, 'TCP', '127.0.0.1'], false],
  ];

describe('a node alone', () => {
  const rows = TABLE.map(([what, pod, node, reason = '']) => [what, pod, node, reason] as const);
  it.each(rows)('%s', (_, pod, node, reason) => {
    const harness = new Harness(node).add(pod).run();
    if (reason === '') {
      expect(harness.nodeOf('p'), harness.whyNot('p')).toBe('n');
      return;
    }
    const reasons = reason.split('+').map((text) => `1 ${text}`);
    expect(harness.whyNot('p')).toContain(`0/1 nodes are available: ${reasons.join(', ')}. preemption: 0/1`);
  });

  it.each(PORTS)('host ports: %s', (_, present, wanted, free) => {
    const harness = new Harness(nodeOf('n')).place(podOf('there', {}, { spec: ports(present) }), 'n');
    harness.add(podOf('p', {}, { spec: ports(wanted) })).run();
    if (free) expect(harness.nodeOf('p')).toBe('n');
    else expect(harness.whyNot('p')).toContain(`1 ${NO_PORT}.`);
  });

  it('counts the pods on it until they end', () => {
    const harness = new Harness(nodeOf('n', { cpu: '1' })).place(podOf('a', { cpu: '600m' }), 'n');
    harness.add(podOf('b', { cpu: '600m' })).run();
    expect(harness.nodeOf('b')).toBeUndefined();
    harness.core.putPod({
      ...podOf('a', { cpu: '600m' }),
      spec: { nodeName: 'n' },
      status: { phase: 'Succeeded' },
    });
    expect(harness.settle().nodeOf('b')).toBe('n');
  });

  it('counts the larger of what a resized pod asks for and what it still has', () => {
    const resized = podOf(
      'a',
      { cpu: '200m' },
      {
        status: { containerStatuses: [{ name: 'c', resources: { requests: { cpu: '900m' } } }] },
      },
    );
    const harness = new Harness(nodeOf('n', { cpu: '1' })).place(resized, 'n');
    expect(
      harness
        .add(podOf('b', { cpu: '500m' }))
        .run()
        .nodeOf('b'),
    ).toBeUndefined();
    harness.place(podOf('a', { cpu: '200m' }), 'n');
    expect(harness.settle().nodeOf('b')).toBe('n');
  });

  it('names each reason with how many nodes it holds for, in order of the text', () => {
    const nodes = [
      nodeOf('a', { cpu: '1' }),
      nodeOf('b', { cpu: '1' }),
      nodeOf('c', {}, { spec: { taints: [DEDICATED] } }),
    ];
    const harness = new Harness(...nodes).add(podOf('p', { cpu: '2' })).run();
    expect(harness.whyNot('p')).toBe(
      `0/3 nodes are available: 1 ${TAINTED}, 2 Insufficient cpu. ` +
        'preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
    );
  });
});
