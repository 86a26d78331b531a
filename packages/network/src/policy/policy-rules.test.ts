import type { k8s } from '@sampan/api';
import { describe, expect, it } from 'vitest';
import { TableBuilder } from '../nft/table.ts';
import type { NetworkPolicy, PolicyPod } from './objects.ts';
import { policyPodOf } from './objects.ts';
import { addPolicies, policyTypes } from './policy-rules.ts';

const podOf = (name: string, ip: string, labels = {}, web?: number): PolicyPod => ({
  namespace: 'ns',
  name: `ns/${name}`,
  labels,
  ip,
  ports: new Map(web === undefined ? [] : [['tcp/web', web]]),
});
const policy = (spec: k8s.NetworkPolicySpec, name = 'p'): NetworkPolicy => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace: 'ns' },
  spec,
});
function tableOf(policies: NetworkPolicy[], pods: PolicyPod[]) {
  const table = new TableBuilder();
  addPolicies(
    table,
    { policies, pods, namespaces: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns' } }] },
    { podRange: '10.244.0.0/24', nodeSources: ['10.244.0.1'] },
  );
  return table.build('t');
}
const elementsOf = (table: ReturnType<typeof tableOf>, prefix: string) =>
  [...table.sets]
    .filter(([name]) => name.startsWith(prefix))
    .map(([, set]) => [...(set.elements?.keys() ?? [])]);

describe('the rules of policies', () => {
  it('are none without policies: every pod is open', () => {
    expect(tableOf([], [podOf('a', '10.244.0.2')]).chains.get('policies')).toEqual({ rules: [] });
  });

  it('are one chain for pods that the same policies select', () => {
    const table = tableOf(
      [policy({ podSelector: {}, ingress: [{}] })],
      [podOf('a', '10.244.0.2'), podOf('b', '10.244.0.3')],
    );
    const verdicts = [...(table.sets.get('isolated-ingress')?.elements?.values() ?? [])];
    expect(new Set(verdicts).size).toBe(1);
    expect(table.chains.get(verdicts[0]?.replace('jump ', '') ?? '')?.rules).toEqual(['return', 'drop']);
  });

  it('are chains of their own for pods on which a named port differs', () => {
    const table = tableOf(
      [policy({ podSelector: {}, ingress: [{ ports: [{ port: 'web' }] }] })],
      [podOf('a', '10.244.0.2', {}, 80), podOf('b', '10.244.0.3', {}, 81), podOf('c', '10.244.0.4')],
    );
    expect(new Set(table.sets.get('isolated-ingress')?.elements?.values()).size).toBe(3);
    expect(elementsOf(table, 'ports/').flat().sort()).toEqual(['tcp . 80', 'tcp . 81']);
  });

  it('never have overlapping ranges in a set', () => {
    const table = tableOf(
      [
        policy({
          podSelector: {},
          ingress: [
            {
              from: [
                { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } },
                { ipBlock: { cidr: '10.1.2.0/24' } },
                { ipBlock: { cidr: '10.0.0.7/32' } },
              ],
              ports: [
                { port: 80, endPort: 90 },
                { port: 85 },
                { protocol: 'UDP' },
                { port: 53, protocol: 'UDP' },
              ],
            },
          ],
        }),
      ],
      [podOf('a', '10.244.0.2')],
    );
    expect(elementsOf(table, 'ports/')).toEqual([['tcp . 80-90', 'udp . 0-65535']]);
    expect(elementsOf(table, 'block/')).toEqual([
      ['10.0.0.0-10.0.255.255', '10.1.2.0-10.1.2.255', '10.2.0.0-10.255.255.255'],
    ]);
  });

  it.each([
    [{ podSelector: {} }, ['Ingress']],
    [{ podSelector: {}, egress: [{}] }, ['Ingress', 'Egress']],
    [{ podSelector: {}, egress: [{}], policyTypes: ['Egress'] }, ['Egress']],
  ])('%j is about %j', (spec, types) => {
    expect(policyTypes(spec)).toEqual(types);
  });
});

describe('a pod that policies concern', () => {
  const pod = (spec: object, status: object) =>
    policyPodOf({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'ns' },
      spec: { containers: [], ...spec },
      status,
    });
  it.each([
    ['has an address', {}, { podIP: '10.244.0.2' }, true],
    ['has none yet', {}, {}, false],
    ['is of the host network', { hostNetwork: true }, { podIP: '10.0.0.1' }, false],
    ['is at its end', {}, { podIP: '10.244.0.2', phase: 'Succeeded' }, false],
    ['has an IPv6 address', {}, { podIP: 'fd00::1' }, false],
  ])('one that %s', (_, spec, status, isConcerned) => {
    expect(pod(spec, status) !== undefined).toBe(isConcerned);
  });
});
