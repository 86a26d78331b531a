import type { k8s } from '@sampan/api';
import { describe, expect, it } from 'vitest';
import { eligibility } from './eligibility.ts';
import { daemonTolerations, targetNode, templateFor } from './pod-template.ts';
import { nodeOf, podOn, setOf, taint } from './testing.ts';

const required = (...nodeSelectorTerms: k8s.NodeSelectorTerm[]): k8s.PodSpec => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
});
const expression = (operator: string, ...values: string[]): k8s.NodeSelectorTerm => ({
  matchExpressions: [{ key: 'cpus', operator, ...(values.length > 0 ? { values } : {}) }],
});
const tolerating = (toleration: k8s.Toleration): k8s.PodSpec => ({ tolerations: [toleration] });

const NODE = nodeOf('n', [], { cpus: '8', disk: 'ssd' });
const YES = { run: true, stay: true };
const NO = { run: false, stay: false };
const STAY = { run: false, stay: true };

describe('a pod of a DaemonSet is on a node', () => {
  it.each<[string, k8s.PodSpec, ReturnType<typeof nodeOf>, typeof YES]>([
    ['like any other', {}, NODE, YES],
    ['that it names', { nodeName: 'n' }, NODE, YES],
    ['not when it names another', { nodeName: 'm' }, NODE, NO],
    ['that has its labels', { nodeSelector: { disk: 'ssd' } }, NODE, YES],
    ['not when it has others', { nodeSelector: { disk: 'hdd' } }, NODE, NO],
    ['in a list', required(expression('In', '4', '8')), NODE, YES],
    ['not in a list', required(expression('NotIn', '8')), NODE, NO],
    ['that has a label', required(expression('Exists')), NODE, YES],
    ['that lacks a label', required(expression('DoesNotExist')), NODE, NO],
    ['with more than', required(expression('Gt', '7')), NODE, YES],
    ['with less than', required(expression('Lt', '7')), NODE, NO],
    ['of which one term is true', required(expression('Lt', '7'), expression('Gt', '7')), NODE, YES],
    ['not of terms that ask nothing', required({}), NODE, NO],
    [
      'by name',
      required({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }),
      NODE,
      YES,
    ],
    ['not of an operator that nobody knows', required(expression('Like', '8')), NODE, NO],
    ['but stays when it comes to be tainted', {}, nodeOf('n', [taint('NoSchedule')]), STAY],
    ['but goes when it must not run there', {}, nodeOf('n', [taint('NoExecute')]), NO],
    ['that would rather not have it', {}, nodeOf('n', [taint('PreferNoSchedule')]), YES],
    [
      'whose taint it bears',
      tolerating({ key: 'own', value: 'use' }),
      nodeOf('n', [taint('NoExecute')]),
      YES,
    ],
    ['not with another value', tolerating({ key: 'own', value: 'x' }), nodeOf('n', [taint('NoExecute')]), NO],
    ['whatever its taint', tolerating({ operator: 'Exists' }), nodeOf('n', [taint('NoExecute')]), YES],
    ['that is cordoned', {}, nodeOf('n', [taint('NoSchedule', 'node.kubernetes.io/unschedulable', '')]), YES],
    ['that is not ready', {}, nodeOf('n', [taint('NoExecute', 'node.kubernetes.io/not-ready', '')]), YES],
    [
      'but not made on one that never was',
      {},
      nodeOf('n', [taint('NoSchedule', 'node.kubernetes.io/not-ready', '')]),
      STAY,
    ],
    [
      'without network when it needs none',
      { hostNetwork: true },
      nodeOf('n', [taint('NoSchedule', 'node.kubernetes.io/network-unavailable', '')]),
      YES,
    ],
  ])('%s', (_, spec, node, expected) => {
    expect(eligibility(setOf({}, spec), node)).toEqual(expected);
  });
});

describe('the template of a DaemonSet’s pod', () => {
  it('binds it to its node and keeps what it prefers', () => {
    const preferred = [{ weight: 1, preference: expression('Exists') }];
    const set = setOf(
      {},
      {
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: preferred,
            requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [expression('Exists')] },
          },
        },
      },
    );
    const { metadata, spec } = templateFor(set, 'h', 'n');
    expect(metadata?.labels).toEqual({ app: 'd', 'controller-revision-hash': 'h' });
    expect(spec?.affinity?.nodeAffinity).toEqual({
      preferredDuringSchedulingIgnoredDuringExecution: preferred,
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }],
      },
    });
    const pod = podOn('x', 'p', 'h');
    expect(targetNode(pod)).toBe('x');
    expect(targetNode({ ...pod, spec: spec ?? {} })).toBe('n');
    expect(targetNode({ ...pod, spec: {} })).toBeUndefined();
  });

  it('adds each toleration once', () => {
    const own = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' };
    expect(daemonTolerations({ tolerations: [own] }).filter(({ key }) => key === own.key)).toEqual([own]);
    expect(daemonTolerations({})).toHaveLength(6);
    expect(daemonTolerations({ hostNetwork: true })).toHaveLength(7);
  });
});
