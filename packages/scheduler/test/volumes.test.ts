import { describe, expect, it } from 'vitest';
import type { BindDecision } from '../src/decision.ts';
import type { Claim, CSINode, Node, Pod, StorageClass, Volume } from '../src/types.ts';
import { Harness } from './harness.ts';
import { nodeOf, podOf } from './objects.ts';

const ZONE = 'topology.kubernetes.io/zone';
const inZone = (name: string, zone: string): Node =>
  nodeOf(name, {}, { metadata: { labels: { [ZONE]: zone } } });
const using = (name: string, ...claims: string[]): Pod =>
  podOf(
    name,
    {},
    {
      spec: {
        volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
      },
    },
  );

interface ClaimMore {
  readonly volume?: string;
  readonly of?: string;
  readonly size?: string;
  readonly modes?: string[];
  readonly metadata?: object;
}

function claimOf(
  name: string,
  { volume, of = 'late', size = '1Gi', modes = ['ReadWriteOnce'], metadata }: ClaimMore = {},
): Claim {
  const annotations = volume ? { 'pv.kubernetes.io/bind-completed': 'yes' } : {};
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default', uid: name, annotations, ...metadata },
    spec: {
      accessModes: modes,
      storageClassName: of,
      resources: { requests: { storage: size } },
      ...(volume ? { volumeName: volume } : {}),
    },
  };
}

function volumeOf(name: string, zone: string, more: object = {}, size = '1Gi'): Volume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: size },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'late',
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: ZONE, operator: 'In', values: [zone] }] }],
        },
      },
      ...more,
    },
    status: { phase: 'Available' },
  };
}

const classOf = (name: string, provisioner: string, more: object = {}): StorageClass => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner,
  volumeBindingMode: 'WaitForFirstConsumer',
  ...more,
});

function cluster(...claims: Claim[]): Harness {
  const harness = new Harness(inZone('a', 'a'), inZone('b', 'b'));
  harness.core.putStorageClass(classOf('late', 'kubernetes.io/no-provisioner'));
  for (const claim of claims) harness.core.putClaim(claim);
  return harness;
}

const HOPELESS = ' preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.';

describe('a pod with claims', () => {
  it.each([
    ['a claim that is not there', [], 'persistentvolumeclaim "c" not found'],
    [
      'a claim that is being deleted',
      [claimOf('c', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })],
      'persistentvolumeclaim "c" is being deleted',
    ],
    [
      'a claim that should be bound by now',
      [claimOf('c', { of: 'immediate' })],
      'pod has unbound immediate PersistentVolumeClaims',
    ],
  ])('waits for %s', (_, claims, reason) => {
    const harness = cluster(...claims)
      .add(using('p', 'c'))
      .run();
    expect(harness.whyNot('p')).toBe(`0/2 nodes are available: ${reason}.${HOPELESS}`);
    harness.core.putVolume(volumeOf('v', 'b'));
    harness.core.putClaim(claimOf('c', { volume: 'v' }));
    expect(harness.settle().nodeOf('p')).toBe('b');
  });

  it('goes where its volume is', () => {
    const harness = cluster(claimOf('c', { volume: 'v' }));
    harness.core.putVolume(volumeOf('v', 'b'));
    expect(harness.add(using('p', 'c')).run().nodeOf('p')).toBe('b');
  });

  it('says that its volume is elsewhere', () => {
    const harness = cluster(claimOf('c', { volume: 'v' }));
    harness.core.putVolume(volumeOf('v', 'c'));
    harness.add(using('p', 'c')).run();
    expect(harness.whyNot('p')).toBe(
      `0/2 nodes are available: 2 node(s) didn't match PersistentVolume's node affinity.${HOPELESS}`,
    );
    harness.core.putNode(inZone('new', 'c'));
    expect(harness.settle().nodeOf('p')).toBe('new');
  });

  it('stays in the zone that its volume is labelled with', () => {
    const harness = cluster(claimOf('c', { volume: 'v' }));
    const { nodeAffinity, ...spec } = volumeOf('v', 'b').spec ?? {};
    harness.core.putVolume({
      ...volumeOf('v', 'b'),
      metadata: { name: 'v', labels: { [ZONE]: 'b__c' } },
      spec,
    });
    expect(nodeAffinity).toBeDefined();
    expect(harness.add(using('p', 'c')).run().nodeOf('p')).toBe('b');
  });

  it('gets the smallest volume that is enough, on a node that has one, and no two claims the same', () => {
    const harness = cluster(claimOf('c', { size: '2Gi' }), claimOf('d', { size: '2Gi' }));
    for (const [name, zone, size] of [
      ['small', 'a', '1Gi'],
      ['large', 'b', '9Gi'],
      ['fit', 'b', '3Gi'],
    ] as const)
      harness.core.putVolume(volumeOf(name, zone, {}, size));
    const decisions: BindDecision[] = [];
    harness.add(using('p', 'c'), using('q', 'd')).run((decision) => {
      if (decision.kind === 'bind') decisions.push(decision);
    });
    const bound = decisions.map(({ node, volumes }) => [node, volumes?.bind[0]?.volume.metadata.name]);
    expect(bound).toEqual([
      ['b', 'fit'],
      ['b', 'large'],
    ]);
  });

  it('has a volume made on a node where one can be made', () => {
    const harness = cluster(claimOf('c', { of: 'made' }));
    const allowedTopologies = [{ matchLabelExpressions: [{ key: ZONE, values: ['b'] }] }];
    harness.core.putStorageClass(classOf('made', 'example.com/maker', { allowedTopologies }));
    let plan: BindDecision['volumes'];
    harness.add(using('p', 'c')).run((decision) => {
      if (decision.kind === 'bind') plan = decision.volumes;
    });
    expect(harness.nodeOf('p')).toBe('b');
    expect(plan?.provision.map(({ metadata }) => metadata.name)).toEqual(['c']);
  });

  it('stays with the node that a volume is being made on', () => {
    const annotations = { 'volume.kubernetes.io/selected-node': 'b' };
    const harness = cluster(claimOf('c', { of: 'made', metadata: { annotations } }));
    harness.core.putStorageClass(classOf('made', 'example.com/maker'));
    expect(harness.add(using('p', 'c')).run().nodeOf('p')).toBe('b');
  });

  it('says that there is no volume for it', () => {
    const harness = cluster(claimOf('c')).add(using('p', 'c')).run();
    expect(harness.whyNot('p')).toBe(
      `0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind.${HOPELESS}`,
    );
    harness.core.putVolume(volumeOf('v', 'a'));
    expect(harness.settle().nodeOf('p')).toBe('a');
  });

  it('is alone with a claim that only one pod may use', () => {
    const harness = cluster(claimOf('c', { volume: 'v', modes: ['ReadWriteOncePod'] }));
    harness.core.putVolume(volumeOf('v', 'b'));
    harness.add(using('p', 'c'), using('q', 'c')).run();
    expect(harness.nodeOf('p')).toBe('b');
    expect(harness.whyNot('q')).toContain(
      '2 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode.',
    );
    harness.remove('p');
    expect(harness.settle().nodeOf('q')).toBe('b');
  });

  it('waits for a node that can attach another volume', () => {
    const harness = new Harness(nodeOf('n'));
    const csi = (name: string) => ({ csi: { driver: 'd', volumeHandle: name }, nodeAffinity: undefined });
    for (const name of ['c', 'd', 'e']) {
      harness.core.putVolume(volumeOf(name, '', csi(name)));
      harness.core.putClaim(claimOf(name, { volume: name }));
    }
    const limits = (count: number): CSINode => ({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSINode',
      metadata: { name: 'n' },
      spec: { drivers: [{ name: 'd', nodeID: 'n', allocatable: { count } }] },
    });
    harness.core.putCSINode(limits(2));
    harness.add(using('p', 'c', 'd'), using('again', 'c'), using('q', 'e')).run();
    expect(harness.nodeOf('p')).toBe('n');
    expect(harness.nodeOf('again')).toBe('n');
    expect(harness.whyNot('q')).toContain('1 node(s) exceed max volume count.');
    harness.core.putCSINode(limits(3));
    expect(harness.settle().nodeOf('q')).toBe('n');
  });

  it('waits for the claim of an ephemeral volume to be made for it', () => {
    const pod = podOf('p', {}, { spec: { volumes: [{ name: 'tmp', ephemeral: {} }] } });
    const harness = cluster().add(pod).run();
    expect(harness.whyNot('p')).toContain(
      'waiting for ephemeral volume controller to create the persistentvolumeclaim "p-tmp"',
    );
    harness.core.putVolume(volumeOf('v', 'b'));
    harness.core.putClaim(claimOf('p-tmp', { volume: 'v' }));
    expect(harness.settle().whyNot('p')).toContain('was not created for pod default/p');
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'pod-p', controller: true }];
    const annotations = { 'pv.kubernetes.io/bind-completed': 'yes' };
    harness.core.putClaim(claimOf('p-tmp', { volume: 'v', metadata: { ownerReferences, annotations } }));
    expect(harness.settle().nodeOf('p')).toBe('b');
  });

  it('does not share a disk that it names itself, unless both only read it', () => {
    const naming = (name: string, volume: object) =>
      podOf(name, {}, { spec: { volumes: [{ name: 'd', ...volume }] } });
    const gce = (readOnly: boolean) => ({ gcePersistentDisk: { pdName: 'x', readOnly } });
    const meets = (present: object, wanted: object) =>
      new Harness(nodeOf('n')).place(naming('there', present), 'n').add(naming('p', wanted)).run();
    expect(meets(gce(true), gce(true)).nodeOf('p')).toBe('n');
    expect(meets(gce(true), gce(false)).whyNot('p')).toContain('1 node(s) had no available disk.');
    const ebs = { awsElasticBlockStore: { volumeID: 'x' } };
    const harness = meets(ebs, ebs);
    expect(harness.whyNot('p')).toContain('1 node(s) had no available disk.');
    harness.remove('there');
    expect(harness.settle().nodeOf('p')).toBe('n');
    const rbd = (...monitors: string[]) => ({ rbd: { monitors, image: 'i', pool: 'p' } });
    expect(meets(rbd('a', 'b'), rbd('b', 'c')).nodeOf('p')).toBeUndefined();
    expect(meets(rbd('a'), rbd('b')).nodeOf('p')).toBe('n');
  });
});
