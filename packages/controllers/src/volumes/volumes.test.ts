import {
  BIND_COMPLETED,
  type Claim,
  PROVISIONED_BY,
  SELECTED_NODE,
  type StorageClass,
  type Volume,
} from '@sampan/machinery';
import { describe, expect, it } from 'vitest';
import { random } from '../pods/fixtures.ts';
import { bound, type ClaimFacts, decideClaim } from './claim-decision.ts';
import { findVolume } from './match.ts';
import { decideVolume, unbound } from './volume-decision.ts';

const claim = (spec: Claim['spec'] = {}, annotations: Record<string, string> = {}, name = 'c'): Claim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'ns', uid: `uid-${name}`, annotations },
  spec: {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '5Gi' } },
    storageClassName: '',
    ...spec,
  },
});
const volume = (name: string, spec: Volume['spec'] = {}, phase = 'Available'): Volume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name, uid: `uid-${name}`, labels: { kind: name } },
  spec: { capacity: { storage: '10Gi' }, accessModes: ['ReadWriteOnce'], ...spec },
  status: { phase },
});
const storageClass = (name: string, mode = 'Immediate', annotations = {}): StorageClass => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name, annotations },
  provisioner: 'example.com/disk',
  volumeBindingMode: mode,
});
const facts = (volumes: Volume[], classes: StorageClass[] = [], pods: string[] = []): ClaimFacts => ({
  volumes: () => volumes,
  volume: (name) => volumes.find(({ metadata }) => metadata.name === name),
  storageClass: (name) => classes.find(({ metadata }) => metadata.name === name),
  classes: () => classes,
  waitingPods: () => pods,
});

describe('the volume for a claim', () => {
  it.each([
    [
      'is the smallest that is large enough',
      {},
      [
        volume('big'),
        volume('fit', { capacity: { storage: '6Gi' } }),
        volume('small', { capacity: { storage: '1Gi' } }),
      ],
      'fit',
    ],
    [
      'has all access modes and as few as can be',
      {},
      [
        volume('many', { accessModes: ['ReadWriteOnce', 'ReadOnlyMany'], capacity: { storage: '5Gi' } }),
        volume('one'),
        volume('other', { accessModes: ['ReadOnlyMany'] }),
      ],
      'one',
    ],
    [
      'has its class',
      { storageClassName: 'fast' },
      [volume('a'), volume('b', { storageClassName: 'fast' })],
      'b',
    ],
    ['has its mode', { volumeMode: 'Block' }, [volume('a'), volume('b', { volumeMode: 'Block' })], 'b'],
    ['matches its selector', { selector: { matchLabels: { kind: 'b' } } }, [volume('a'), volume('b')], 'b'],
    [
      'is free',
      {},
      [volume('a', {}, 'Released'), volume('b', { claimRef: { namespace: 'ns', name: 'x' } }), volume('c')],
      'c',
    ],
    [
      'is rather one that is reserved for it',
      {},
      [volume('a'), volume('b', { capacity: { storage: '50Gi' }, claimRef: { namespace: 'ns', name: 'c' } })],
      'b',
    ],
    ['is none that is too small', {}, [volume('a', { capacity: { storage: '4Gi' } })], undefined],
  ])('%s', (_, spec, volumes, wanted) => {
    expect(findVolume(claim(spec), volumes, false)?.metadata.name).toBe(wanted);
  });

  it('is left to the scheduler unless it is reserved', () => {
    expect(findVolume(claim(), [volume('a')], true)).toBeUndefined();
    const reserved = volume('b', { claimRef: { namespace: 'ns', name: 'c', uid: 'uid-c' } });
    expect(findVolume(claim(), [volume('a'), reserved], true)).toBe(reserved);
  });
});

describe('a claim', () => {
  const decide = (...args: Parameters<typeof decideClaim>) => decideClaim(...args);
  const reasonOf = (decision: ReturnType<typeof decideClaim>) =>
    'event' in decision ? decision.event?.reason : undefined;

  it('without class and volume waits', () => {
    expect(reasonOf(decide(claim(), facts([])))).toBe('FailedBinding');
  });

  it('gets the default class when it says nothing of classes', () => {
    const { storageClassName: _, ...spec } = claim().spec;
    const marked = storageClass('std', 'Immediate', {
      'storageclass.kubernetes.io/is-default-class': 'true',
    });
    const open = { ...claim(), spec };
    expect(decide(open, facts([], [marked]))).toEqual({ do: 'set class', storageClass: 'std' });
    expect(reasonOf(decide(claim(), facts([], [marked])))).toBe('FailedBinding');
  });

  it('of a class that waits is provisioned when a node is chosen', () => {
    const late = [storageClass('late', 'WaitForFirstConsumer')];
    const open = claim({ storageClassName: 'late' });
    expect(reasonOf(decide(open, facts([], late)))).toBe('WaitForFirstConsumer');
    const waiting = decide(open, facts([], late, ['p', 'q']));
    expect(waiting).toMatchObject({
      event: { reason: 'WaitForPodScheduled', note: 'waiting for pods p,q to be scheduled' },
    });
    const chosen = claim({ storageClassName: 'late' }, { [SELECTED_NODE]: 'n' });
    expect(decide(chosen, facts([], late))).toMatchObject({
      do: 'provision',
      provisioner: 'example.com/disk',
    });
  });

  it('of an unknown class, or of one without provisioner, says so', () => {
    expect(reasonOf(decide(claim({ storageClassName: 'x' }), facts([])))).toBe('ProvisioningFailed');
    const none = { ...storageClass('none'), provisioner: 'kubernetes.io/no-provisioner' };
    expect(reasonOf(decide(claim({ storageClassName: 'none' }), facts([], [none])))).toBe(
      'ProvisioningFailed',
    );
  });

  it('that names a volume gets it if it fits and is free', () => {
    const named = claim({ volumeName: 'v' });
    expect(decide(named, facts([]))).toEqual({ do: 'wait' });
    expect(decide(named, facts([volume('v')])).do).toBe('bind');
    expect(decide(named, facts([volume('v', { capacity: { storage: '1Gi' } })]))).toMatchObject({
      event: {
        reason: 'VolumeMismatch',
        note: 'Cannot bind to requested volume "v": requested PV is too small',
      },
    });
    const taken = volume('v', { claimRef: { namespace: 'ns', name: 'other', uid: 'o' } });
    expect(reasonOf(decide(named, facts([taken])))).toBe('FailedBinding');
  });

  it('that was bound is lost with its volume', () => {
    const done = claim({ volumeName: 'v' }, { [BIND_COMPLETED]: 'yes' });
    expect(decide(done, facts([])).do).toBe('lose');
    const other = volume('v', { claimRef: { namespace: 'ns', name: 'c', uid: 'another' } });
    expect(reasonOf(decide(done, facts([other])))).toBe('ClaimMisbound');
    expect(decide(done, facts([volume('v')])).do).toBe('bind');
  });
});

describe('a volume', () => {
  const taken = (spec: Volume['spec'] = {}, phase = 'Bound', annotations = {}) => {
    const made = volume('v', { claimRef: { namespace: 'ns', name: 'c', uid: 'uid-c' }, ...spec }, phase);
    return { ...made, metadata: { ...made.metadata, annotations } };
  };
  it('is available, bound, or released when its claim is gone', () => {
    expect(decideVolume(volume('v'), undefined)).toMatchObject({ phase: 'Available' });
    expect(decideVolume(volume('v', { claimRef: { namespace: 'ns', name: 'c' } }), undefined)).toMatchObject({
      phase: 'Available',
    });
    expect(decideVolume(taken(), claim({ volumeName: 'v' }))).toMatchObject({ phase: 'Bound' });
    expect(decideVolume(taken(), claim())).toEqual({ do: 'ask claim' });
    expect(decideVolume(taken(), undefined)).toMatchObject({ phase: 'Released' });
  });

  it('that nobody can reclaim fails, and one of a provisioner is left to it', () => {
    const doomed = taken({ persistentVolumeReclaimPolicy: 'Delete' }, 'Released');
    expect(decideVolume(doomed, undefined)).toMatchObject({ phase: 'Failed', reason: 'VolumeFailedDelete' });
    const provisioned = taken({ persistentVolumeReclaimPolicy: 'Delete' }, 'Released', {
      [PROVISIONED_BY]: 'example.com/disk',
    });
    expect(decideVolume(provisioned, undefined)).toEqual({ do: 'show', phase: 'Released' });
  });

  it('is given up when its claim has another one, unless a user wanted it so', () => {
    const elsewhere = claim({ volumeName: 'w' });
    expect(decideVolume(taken(), elsewhere)).toMatchObject({ phase: 'Bound' });
    const ours = taken({}, 'Bound', { 'pv.kubernetes.io/bound-by-controller': 'yes' });
    expect(decideVolume(ours, elsewhere)).toEqual({ do: 'unbind' });
    expect(unbound(ours).spec.claimRef).toBeUndefined();
  });
});

describe('binding', () => {
  it.each([1, 2, 3, 4])('gives every volume one claim at most and then rests (seed %i)', (seed) => {
    const next = random(seed);
    const size = () => `${1 + Math.floor(next() * 20)}Gi`;
    let volumes = Array.from({ length: 30 }, (_, i) => volume(`v${i}`, { capacity: { storage: size() } }));
    let claims = Array.from({ length: 30 }, (_, i) =>
      claim({ resources: { requests: { storage: size() } } }, {}, `c${i}`),
    );
    let writes = 1;
    for (let round = 0; round < 200 && writes > 0; round++) {
      writes = 0;
      for (const one of [...claims].sort(() => next() - 0.5)) {
        const decision = decideClaim(one, facts(volumes));
        if (decision.do !== 'bind') continue;
        const wanted = bound(one, decision.volume);
        if (wanted.volume === decision.volume && wanted.claim === one) continue;
        writes++;
        volumes = volumes.map((other) => (other === decision.volume ? wanted.volume : other));
        // the second write may be lost
        if (next() < 0.7) claims = claims.map((other) => (other === one ? wanted.claim : other));
      }
    }
    const users = volumes.flatMap(({ spec }) => spec.claimRef?.uid ?? []);
    expect(new Set(users).size).toBe(users.length);
    for (const { metadata, spec } of claims.filter(({ spec: { volumeName } }) => volumeName)) {
      const own = volumes.find((other) => other.metadata.name === spec.volumeName);
      expect(own?.spec.claimRef?.uid).toBe(metadata.uid);
    }
    expect(users.length).toBeGreaterThan(10);
  });
});
