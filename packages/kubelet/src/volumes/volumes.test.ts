import type { k8s } from '@sampan/api';
import { FakeClock, silentLogger } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import { MadeSources } from '../../test/made-sources.ts';
import { memorySize } from './empty-dir.ts';
import { failureText, MountFailure } from './mount-failure.ts';
import { nestedMountPoints } from './nested-mounts.ts';
import { PodTokens } from './pod-tokens.ts';
import { podReferences, usedVolumes } from './references.ts';

const container = (more: Partial<k8s.Container> = {}): k8s.Container => ({ name: 'c', ...more });
const pod = (spec: Partial<k8s.PodSpec>): k8s.Pod => ({
  metadata: { name: 'p', namespace: 'ns', uid: 'u' },
  spec: { containers: [], ...spec },
});

describe('mounts within a volume', () => {
  const points = (...paths: [string, string, Partial<k8s.VolumeMount>?][]) =>
    nestedMountPoints(
      pod({
        containers: [
          container({
            volumeMounts: paths.map(([name, mountPath, more]) => ({ name, mountPath, ...more })),
          }),
        ],
      }),
      'v',
    );

  it('are the paths of others below its own', () => {
    expect(points(['v', '/etc/v'], ['w', '/etc/v/w'], ['x', '/etc/v/deep/x/'], ['y', '/etc/vy'])).toEqual([
      'deep/x',
      'w',
    ]);
  });

  it('are not those within another of them, nor of a part of the volume', () => {
    expect(points(['v', '/v'], ['w', '/v/w'], ['x', '/v/w/x'])).toEqual(['w']);
    expect(points(['v', '/v', { subPath: 'part' }], ['w', '/v/w'])).toEqual([]);
  });
});

describe('the size of a memory volume', () => {
  const spec = (...limits: (string | undefined)[]): k8s.PodSpec => ({
    containers: limits.map((memory) => container(memory ? { resources: { limits: { memory } } } : {})),
  });

  it('is the least of its limit, of those of the containers, and of the machine', () => {
    expect(memorySize(spec('1Gi'), '1Mi', '4Gi')).toBe(2 ** 20);
    expect(memorySize(spec('1Mi', '2Mi'), '1Gi', '4Gi')).toBe(3 * 2 ** 20);
    expect(memorySize(spec('1Mi', undefined), undefined, '4Gi')).toBe(2 ** 32);
    expect(memorySize(spec(undefined), undefined, undefined)).toBeUndefined();
  });
});

describe('what a pod names', () => {
  it('is found in volumes, environments and pull secrets', () => {
    const found = podReferences(
      pod({
        volumes: [
          { name: 'a', configMap: { name: 'cm' } },
          { name: 'b', secret: { secretName: 's' } },
          { name: 'c', projected: { sources: [{ secret: { name: 'ps' } }, { configMap: { name: 'pc' } }] } },
        ],
        initContainers: [container({ envFrom: [{ configMapRef: { name: 'ef' } }] })],
        containers: [
          container({ env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'es', key: 'k' } } }] }),
        ],
        imagePullSecrets: [{ name: 'pull' }],
      }),
    );
    expect([...found].sort()).toEqual([
      'ConfigMap/cm',
      'ConfigMap/ef',
      'ConfigMap/pc',
      'Secret/es',
      'Secret/ps',
      'Secret/pull',
      'Secret/s',
    ]);
  });

  it('is used only when a container mounts it or has it as a device', () => {
    const volumes = ['a', 'b', 'c'].map((name) => ({ name }));
    const containers = [
      container({
        volumeMounts: [{ name: 'a', mountPath: '/a' }],
        volumeDevices: [{ name: 'b', devicePath: '/b' }],
      }),
    ];
    const used = usedVolumes(pod({ volumes, containers }));
    expect(used.map(({ volume, mounted, asDevice }) => [volume.name, mounted, asDevice])).toEqual([
      ['a', true, false],
      ['b', false, true],
    ]);
  });
});

describe('tokens of pods', () => {
  const seconds = (n: number) => n * 1000;

  it('are replaced when a fifth of their life is left, and kept while the server does not answer', async () => {
    const clock = new FakeClock();
    const sources = new MadeSources();
    let fails = false;
    let count = 0;
    sources.token = async () => {
      if (fails) throw new Error('no answer');
      return { token: `t${++count}`, expiresAt: clock.now() + seconds(1000) };
    };
    const tokens = new PodTokens(sources, clock, silentLogger);
    const token = () => tokens.token(pod({}), { path: 't', expirationSeconds: 1000 });
    expect((await token()).token).toBe('t1');
    clock.advance(seconds(780));
    expect((await token()).token).toBe('t1');
    clock.advance(seconds(20));
    fails = true;
    const kept = await token();
    expect(kept.token).toBe('t1');
    expect(kept.refreshAt).toBe(clock.now() + seconds(10));
    fails = false;
    expect((await token()).token).toBe('t2');
    fails = true;
    clock.advance(seconds(1000));
    await expect(token()).rejects.toThrow('token expired and refresh failed: no answer');
    tokens.forget('u');
    await expect(token()).rejects.toThrow('failed to fetch token: no answer');
  });

  it('are replaced daily however long they last', async () => {
    const clock = new FakeClock();
    const sources = new MadeSources();
    sources.token = async () => ({ token: 't', expiresAt: clock.now() + seconds(7 * 86_400) });
    const tokens = new PodTokens(sources, clock, silentLogger);
    const { refreshAt } = await tokens.token(pod({}), { path: 't', expirationSeconds: 7 * 86_400 });
    expect(refreshAt - clock.now()).toBeLessThanOrEqual(seconds(86_400));
    expect(refreshAt - clock.now()).toBeGreaterThan(seconds(86_300));
  });
});

describe('what is said of a volume that fails', () => {
  it('names the step and the volume as upstream does', () => {
    expect(failureText('v', new Error('why'))).toBe('MountVolume.SetUp failed for volume "v" : why');
    expect(failureText('v', new MountFailure('why', 'initialize', 'pv1'))).toBe(
      'MountVolume.NewMounter initialization failed for volume "pv1" : why',
    );
    expect(failureText('v', new MountFailure('why', 'process'))).toBe(
      'Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], failed to process volumes=[v]: why',
    );
  });
});
