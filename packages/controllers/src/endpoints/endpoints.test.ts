import { describe, expect, it } from 'vitest';
import { podOf, random, readyPod } from '../pods/fixtures.ts';
import type { Node, Pod } from '../workloads/objects.ts';
import { endpointsOf } from './endpoints-controller.ts';
import { planMirror, shouldMirror } from './mirror.ts';
import type { EndpointSlice, Endpoints, Service } from './objects.ts';
import type { SlicePlan } from './plan-slices.ts';
import { planServiceSlices } from './service-slices.ts';
import { subsetsOf, truncateSubsets } from './subsets.ts';

const service = (spec: Service['spec'] = {}, name = 'web'): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'ns', uid: `uid-${name}`, labels: { team: 'a' } },
  spec: {
    clusterIP: '10.0.0.1',
    ipFamilies: ['IPv4'],
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, targetPort: 'web', protocol: 'TCP' }],
    ...spec,
  },
});

const container = { name: 'c', ports: [{ name: 'web', containerPort: 8080, protocol: 'TCP' }] };
const pod = (name: string, ip: string, ready = true): Pod =>
  (ready ? readyPod : podOf)(name, {
    spec: { nodeName: 'n1', containers: [container] },
    status: { podIP: ip, podIPs: [{ ip }] },
  });
const node: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z1' } },
  spec: {},
};
const nodeOf = () => node;

/** What the server would have after a plan. */
function apply(existing: readonly EndpointSlice[], { create, update, remove }: SlicePlan): EndpointSlice[] {
  const named = new Map(existing.map((slice) => [slice.metadata.name, slice]));
  for (const slice of remove) named.delete(slice.metadata.name);
  for (const slice of update) named.set(slice.metadata.name, slice);
  for (const slice of create) {
    const name = `${slice.metadata.generateName}${Math.random()}`;
    named.set(name, { ...slice, metadata: { ...slice.metadata, name } });
  }
  return [...named.values()];
}

const isEmpty = ({ create, update, remove }: SlicePlan) =>
  create.length + update.length + remove.length === 0;

describe('slices of a Service', () => {
  it('tell of ready, terminating and unready pods, with node, zone and named port', () => {
    const leaving = {
      ...pod('b', '10.1.0.2'),
      metadata: { ...pod('b', '').metadata, deletionTimestamp: 'x' },
    };
    const plan = planServiceSlices(
      service(),
      [pod('a', '10.1.0.1'), leaving, pod('c', '10.1.0.3', false)],
      [],
      nodeOf,
    );
    expect(plan.create).toHaveLength(1);
    const [slice] = plan.create;
    expect(slice?.ports).toEqual([{ name: 'http', port: 8080, protocol: 'TCP' }]);
    expect(slice?.metadata.labels).toEqual({
      team: 'a',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    });
    expect(slice?.endpoints?.map(({ addresses, conditions, zone }) => [addresses, conditions, zone])).toEqual(
      [
        [['10.1.0.1'], { ready: true, serving: true, terminating: false }, 'z1'],
        [['10.1.0.2'], { ready: false, serving: true, terminating: true }, 'z1'],
        [['10.1.0.3'], { ready: false, serving: false, terminating: false }, 'z1'],
      ],
    );
  });

  it('are one empty slice when there is nothing to tell, and stay it', () => {
    const headless = service({ clusterIP: 'None', publishNotReadyAddresses: true });
    const first = apply([], planServiceSlices(headless, [], [], nodeOf));
    expect(first).toMatchObject([{ endpoints: [], ports: [] }]);
    expect(first[0]?.metadata.labels?.['service.kubernetes.io/headless']).toBe('');
    expect(isEmpty(planServiceSlices(headless, [], first, nodeOf))).toBe(true);
    const [used] = apply(first, planServiceSlices(headless, [pod('a', '10.1.0.1')], first, nodeOf));
    expect(used?.metadata.name).toBe(first[0]?.metadata.name);
    expect(used?.endpoints).toHaveLength(1);
  });

  it('leave out pods of unknown nodes and ended pods, and give hints when asked to', () => {
    const spec = { trafficDistribution: 'PreferSameNode' };
    const ended = podOf('e', { status: { phase: 'Succeeded', podIP: '10.1.0.9' } });
    const plan = planServiceSlices(service(spec), [pod('a', '10.1.0.1'), ended], [], nodeOf);
    expect(plan.create[0]?.endpoints).toMatchObject([
      { hints: { forZones: [{ name: 'z1' }], forNodes: [{ name: 'n1' }] } },
    ]);
    const lost = planServiceSlices(service(), [pod('a', '10.1.0.1')], [], () => undefined);
    expect(lost.homeless.map(({ metadata }) => metadata.name)).toEqual(['a']);
  });

  it('replace slices of an earlier Service of that name and of families it no longer has', () => {
    const [old] = apply([], planServiceSlices(service({}, 'web'), [pod('a', '10.1.0.1')], [], nodeOf));
    const renewed = { ...service(), metadata: { ...service().metadata, uid: 'another' } };
    const plan = planServiceSlices(renewed, [pod('a', '10.1.0.1')], [old as EndpointSlice], nodeOf);
    expect([plan.create.length, plan.update.length, plan.remove.length]).toEqual([1, 0, 1]);
    const six = planServiceSlices(service({ ipFamilies: ['IPv6'] }), [], [old as EndpointSlice], nodeOf);
    expect([six.create.length, six.update.length, six.remove.length]).toEqual([1, 0, 1]);
  });

  it.each([1, 2, 3, 4, 5])('tell of every pod once whatever happens, and then rest (seed %i)', (seed) => {
    const next = random(seed);
    let slices: EndpointSlice[] = [];
    const pods = new Map<string, Pod>();
    for (let step = 0; step < 40; step++) {
      for (let i = Math.floor(next() * 60); i > 0; i--) {
        const name = `p${Math.floor(next() * 400)}`;
        if (next() < 0.3) pods.delete(name);
        else pods.set(name, pod(name, `10.2.${name.length}.${pods.size}`, next() < 0.8));
      }
      const spec = next() < 0.1 ? { publishNotReadyAddresses: true } : {};
      const plan = planServiceSlices(service(spec), pods.values(), slices, nodeOf);
      slices = apply(slices, plan);
      const told = slices.flatMap(({ endpoints }) => endpoints ?? []).map(({ targetRef }) => targetRef?.name);
      expect(told.sort()).toEqual([...pods.keys()].sort());
      expect(slices.every(({ endpoints }) => (endpoints?.length ?? 0) <= 100)).toBe(true);
      expect(isEmpty(planServiceSlices(service(spec), pods.values(), slices, nodeOf))).toBe(true);
    }
    expect(slices.length).toBeLessThanOrEqual(Math.ceil(pods.size / 100) + 4);
  });
});

describe('Endpoints of a Service', () => {
  it('have pods with the same ports in one subset, apart by readiness, in order', () => {
    const pods = [pod('b', '10.1.0.2', false), pod('c', '10.1.0.3'), pod('a', '10.1.0.1')];
    expect(subsetsOf(service(), pods)).toMatchObject([
      {
        addresses: [{ ip: '10.1.0.1', nodeName: 'n1', targetRef: { name: 'a' } }, { ip: '10.1.0.3' }],
        notReadyAddresses: [{ ip: '10.1.0.2' }],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      },
    ]);
  });

  it('are left alone once right, and carry the labels of the Service and its headlessness', () => {
    const headless = service({ clusterIP: 'None', ports: [] });
    const made = endpointsOf(headless, subsetsOf(headless, [pod('a', '10.1.0.1')]), undefined);
    expect(made.subsets).toMatchObject([{ addresses: [{ ip: '10.1.0.1' }] }]);
    expect(made.metadata.labels).toEqual({
      team: 'a',
      'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
      'service.kubernetes.io/headless': '',
    });
    expect(endpointsOf(headless, subsetsOf(headless, [pod('a', '10.1.0.1')]), made)).toBe(made);
  });

  it('stop at 1,000 addresses, ready ones first, and say so', () => {
    const many = Array.from({ length: 1200 }, (_, i) =>
      pod(`p${i}`, `10.1.${i >> 8}.${i & 255}`, i % 4 !== 0),
    );
    const [subset] = truncateSubsets(subsetsOf(service(), many));
    expect([subset?.addresses?.length, subset?.notReadyAddresses?.length]).toEqual([900, 100]);
    const made = endpointsOf(service(), subsetsOf(service(), many), undefined);
    expect(made.metadata.annotations).toEqual({ 'endpoints.kubernetes.io/over-capacity': 'truncated' });
    expect(endpointsOf(service(), subsetsOf(service(), []), made).metadata.annotations).toBeUndefined();
  });
});

describe('mirroring', () => {
  const manual: Endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'db', namespace: 'ns', uid: 'e1' },
    subsets: [
      {
        addresses: [{ ip: '192.0.2.1' }, { ip: '2001:db8::1' }],
        notReadyAddresses: [{ ip: '192.0.2.2' }],
        ports: [{ port: 5432 }],
      },
    ],
  };
  it('makes slices by family, and leaves them once right', () => {
    const slices = apply([], planMirror(manual, []));
    expect(slices.map(({ addressType, endpoints }) => [addressType, endpoints?.length])).toEqual([
      ['IPv4', 2],
      ['IPv6', 1],
    ]);
    expect(isEmpty(planMirror(manual, slices))).toBe(true);
  });

  it('is for Services without selector and Endpoints that nobody else keeps', () => {
    expect(shouldMirror(manual, service())).toBe(false);
    const { selector: _, ...spec } = service().spec;
    const bare = { ...service(), spec };
    expect(shouldMirror(manual, bare)).toBe(true);
    const skipped = {
      ...manual,
      metadata: { ...manual.metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    };
    expect(shouldMirror(skipped, bare)).toBe(false);
    expect(shouldMirror(manual, undefined)).toBe(false);
  });
});
