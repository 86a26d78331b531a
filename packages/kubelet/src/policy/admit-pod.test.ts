import type { k8s } from '@sampan/api';
import { describe, expect, it } from 'vitest';
import { admitPod, GUEST_POLICY, HOST_CLUSTER_POLICY, type HostPolicy, rejectedStatus } from './index.ts';

const node: k8s.Node = {
  metadata: { name: 'n', labels: { zone: 'a', size: '3' } },
  spec: {},
  status: { allocatable: { cpu: '2', memory: '1Gi', pods: '3', 'example.com/gpu': '1' } },
};
const asking = (requests: Record<string, string>, more: Partial<k8s.PodSpec> = {}): k8s.Pod => ({
  metadata: { name: 'p', namespace: 'ns', uid: 'u' },
  spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i', resources: { requests } }], ...more },
});
const pod = (more: Partial<k8s.PodSpec> = {}) => asking({}, more);
const admit = (
  one: k8s.Pod,
  others: k8s.Pod[] = [],
  policy: HostPolicy = HOST_CLUSTER_POLICY,
  where = node,
) => admitPod({ pod: one, others, node: where, policy });

describe('a node', () => {
  it('takes what fits', () => {
    expect(
      admit(asking({ cpu: '1', memory: '512Mi' }), [asking({ cpu: '1', memory: '512Mi' })]),
    ).toBeUndefined();
  });

  it('says which resource it has too little of, counting what runs', () => {
    expect(admit(asking({ cpu: '1500m' }), [asking({ cpu: '600m' })])).toEqual({
      reason: 'OutOfcpu',
      message: "Node didn't have enough resource: cpu, requested: 1500, used: 600, capacity: 2000",
    });
    expect(admit(asking({ memory: '2Gi' }))?.reason).toBe('OutOfmemory');
    expect(admit(pod(), [pod(), pod(), pod()])).toEqual({
      reason: 'OutOfpods',
      message: "Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3",
    });
    expect(admit(asking({ 'example.com/gpu': '2' }))?.reason).toBe('OutOfexample.com/gpu');
    // a resource of the cluster, not of a node
    expect(admit(asking({ 'example.com/license': '2' }))).toBeUndefined();
  });

  it('does not count pods that are over', () => {
    const over = { ...asking({ cpu: '2' }), status: { phase: 'Succeeded' } };
    expect(admit(asking({ cpu: '2' }), [over])).toBeUndefined();
  });

  it('refuses pods that ask for another node', () => {
    const required = (term: k8s.NodeSelectorTerm) => ({
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } },
    });
    const expression = (key: string, operator: string, ...values: string[]) => ({ key, operator, values });
    const refused: Partial<k8s.PodSpec>[] = [
      { nodeSelector: { zone: 'b' } },
      { nodeSelector: { toString: 'x' } },
      { affinity: required({ matchExpressions: [expression('zone', 'NotIn', 'a')] }) },
      { affinity: required({ matchExpressions: [expression('size', 'Gt', '3')] }) },
      { affinity: required({ matchFields: [expression('metadata.name', 'In', 'm')] }) },
      { affinity: required({}) },
    ];
    for (const spec of refused) expect(admit(pod(spec))?.reason).toBe('NodeAffinity');
    const fine = required({
      matchExpressions: [expression('size', 'Gt', '2'), expression('zone', 'Exists')],
    });
    expect(admit(pod({ affinity: fine, nodeSelector: { zone: 'a' } }))).toBeUndefined();
    expect(admit(pod({ nodeName: 'm' }))?.reason).toBe('NodeName');
  });

  it('refuses ports that are taken', () => {
    const using = (hostPort: number, hostIP?: string) =>
      pod({
        containers: [
          { name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort, ...(hostIP && { hostIP }) }] },
        ],
      });
    expect(admit(using(80), [using(80, '127.0.0.1')])?.reason).toBe('NodePorts');
    expect(admit(using(80, '127.0.0.1'), [using(80, '127.0.0.2'), using(81)])).toBeUndefined();
  });

  it('refuses pods that do not bear a taint that evicts, but for static ones', () => {
    const taint = { key: 'k', value: 'v', effect: 'NoExecute' };
    const tainted = { ...node, spec: { taints: [{ key: 'x', effect: 'NoSchedule' }, taint] } };
    const on = (one: k8s.Pod) => admit(one, [], HOST_CLUSTER_POLICY, tainted)?.reason;
    expect(on(pod())).toBe('TaintToleration');
    expect(
      on(pod({ tolerations: [{ key: 'k', operator: 'Equal', value: 'v', effect: 'NoExecute' }] })),
    ).toBeUndefined();
    expect(on(pod({ tolerations: [{ operator: 'Exists' }] }))).toBeUndefined();
    const metadata = { annotations: { 'kubernetes.io/config.source': 'file' } };
    expect(on({ ...pod(), metadata })).toBeUndefined();
  });

  it('refuses sysctls that reach beyond the pod', () => {
    const setting = (name: string, more: Partial<k8s.PodSpec> = {}) =>
      pod({ securityContext: { sysctls: [{ name, value: '1' }] }, ...more });
    expect(admit(setting('net.ipv4.tcp_syncookies'))).toBeUndefined();
    expect(admit(setting('net/ipv4/tcp_syncookies'))).toBeUndefined();
    expect(admit(setting('kernel.msgmax'))).toEqual({
      reason: 'SysctlForbidden',
      message: 'forbidden sysctl: "kernel.msgmax" not allowlisted',
    });
    const loose = { ...HOST_CLUSTER_POLICY, unsafeSysctls: ['kernel.msg*'] };
    expect(admit(setting('kernel.msgmax'), [], loose)).toBeUndefined();
    expect(admit(setting('kernel.msgmax', { hostIPC: true }), [], loose)?.message).toBe(
      'forbidden sysctl: "kernel.msgmax" not allowed with host ipc enabled',
    );
  });

  it('refuses pods of another system', () => {
    expect(admit(pod({ os: { name: 'windows' } }))?.reason).toBe('PodOSNotSupported');
    const strict = pod({ securityContext: { supplementalGroupsPolicy: 'Strict' } });
    expect(admit(strict)?.reason).toBe('SupplementalGroupsPolicyNotSupported');
  });

  it('asks the host policy first, and tells it in the status', () => {
    const greedy = asking({ cpu: '9' }, { hostNetwork: true });
    const misfit = admit(greedy, [], GUEST_POLICY);
    expect(misfit).toEqual({
      reason: 'HostPolicy',
      message: 'The host policy refuses spec.hostNetwork: not allowed',
    });
    expect(misfit && rejectedStatus(greedy, misfit)).toEqual({
      phase: 'Failed',
      reason: 'HostPolicy',
      message: 'Pod was rejected: The host policy refuses spec.hostNetwork: not allowed',
    });
  });
});
