import type { Claim, Volume } from '@sampan/machinery';
import { describe, expect, it } from 'vitest';
import { decideClaim, decideVolume, newVolume } from './decisions.ts';
import { FINALIZER, LOCAL_CLASS, PROVISIONER } from './objects.ts';

const claim = (more: Partial<Claim['spec']> = {}, annotations: Record<string, string> = {}): Claim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: {
    name: 'data',
    namespace: 'ns',
    uid: 'u1',
    annotations: {
      'volume.kubernetes.io/storage-provisioner': PROVISIONER,
      'volume.kubernetes.io/selected-node': 'n1',
      ...annotations,
    },
  },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'sampan-local',
    resources: { requests: { storage: '1Gi' } },
    ...more,
  },
});
const decide = (of: Claim, storageClass = LOCAL_CLASS, volume?: Volume) =>
  decideClaim(of, storageClass, volume, 'n1');
const volume = (phase: string, more: Partial<Volume['metadata']> = {}): Volume => {
  const made = newVolume(claim(), LOCAL_CLASS, 'n1', '/v/pvc-u1/data');
  return { ...made, metadata: { ...made.metadata, ...more }, status: { phase } };
};

describe('what the local provisioner does for claims', () => {
  it('makes a volume for one whose pod was put on this node', () => {
    expect(decide(claim())).toEqual({ do: 'provision', bytes: 2 ** 30 });
    const elsewhere = claim({}, { 'volume.kubernetes.io/selected-node': 'n2' });
    expect(decide(elsewhere).do).toBe('nothing');
  });

  it('waits for a node, unless the class says at once', () => {
    const { 'volume.kubernetes.io/selected-node': _, ...annotations } = claim().metadata.annotations ?? {};
    const waiting = { ...claim(), metadata: { ...claim().metadata, annotations } };
    expect(decide(waiting).do).toBe('nothing');
    expect(decide(waiting, { ...LOCAL_CLASS, volumeBindingMode: 'Immediate' }).do).toBe('provision');
  });

  it('leaves claims of others, deleted ones and those that have a volume alone', () => {
    const others = claim({}, { 'volume.kubernetes.io/storage-provisioner': 'other' });
    expect(decide(others).do).toBe('nothing');
    expect(decide(claim(), { ...LOCAL_CLASS, provisioner: 'other' }).do).toBe('nothing');
    expect(decideClaim(claim(), undefined, undefined, 'n1').do).toBe('nothing');
    const deleted = {
      ...claim(),
      metadata: { ...claim().metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    };
    expect(decide(deleted).do).toBe('nothing');
    expect(decide(claim({ volumeName: 'pv' })).do).toBe('nothing');
  });

  it('refuses what it cannot do', () => {
    expect(decide(claim({ selector: {} }))).toEqual({
      do: 'refuse',
      why: 'claim.Spec.Selector is not supported',
    });
    expect(decide(claim({ dataSource: { kind: 'K', name: 'n' } })).do).toBe('refuse');
  });

  it('grows a bound volume until the claim has what it asks for', () => {
    const bound = (storage: string, has: string): Claim => ({
      ...claim({ volumeName: 'pvc-u1', resources: { requests: { storage } } }),
      status: { phase: 'Bound', capacity: { storage: has } },
    });
    const present = volume('Bound');
    expect(decide(bound('2Gi', '1Gi'), LOCAL_CLASS, present)).toMatchObject({ do: 'grow', bytes: 2 ** 31 });
    // the volume has grown, its file system not yet
    expect(decide(bound('1Gi', '512Mi'), LOCAL_CLASS, present).do).toBe('grow');
    expect(decide(bound('1Gi', '1Gi'), LOCAL_CLASS, present).do).toBe('nothing');
  });
});

describe('what the local provisioner does with volumes', () => {
  it('deletes what nobody has any more', () => {
    expect(decideVolume(volume('Released'), 'n1').do).toBe('delete');
    expect(decideVolume(volume('Bound'), 'n1').do).toBe('nothing');
    expect(decideVolume(volume('Released'), 'n2').do).toBe('nothing');
    expect(decideVolume(volume('Released', { annotations: {} }), 'n1').do).toBe('nothing');
  });

  it('keeps the data of volumes that are to be retained, also when they are deleted', () => {
    const retained = (more: Partial<Volume['metadata']> = {}): Volume => {
      const released = volume('Released', more);
      return { ...released, spec: { ...released.spec, persistentVolumeReclaimPolicy: 'Retain' } };
    };
    expect(decideVolume(retained(), 'n1').do).toBe('nothing');
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(decideVolume(retained({ deletionTimestamp }), 'n1').do).toBe('let go');
    expect(decideVolume(retained({ deletionTimestamp, finalizers: [] }), 'n1').do).toBe('nothing');
  });

  it('makes volumes that only this node can use, and that wait for their data to go', () => {
    const made = newVolume(claim(), { ...LOCAL_CLASS, reclaimPolicy: 'Retain' }, 'n1', '/p');
    expect(made.metadata.name).toBe('pvc-u1');
    expect(made.metadata.finalizers).toEqual([FINALIZER]);
    expect(made.spec).toMatchObject({
      capacity: { storage: '1Gi' },
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { name: 'data', namespace: 'ns', uid: 'u1' },
      local: { path: '/p' },
    });
    expect(JSON.stringify(made.spec.nodeAffinity)).toContain('["n1"]');
  });
});
