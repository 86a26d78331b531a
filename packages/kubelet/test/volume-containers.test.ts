import { readdir } from 'node:fs/promises';
import { silentLogger, systemClock } from '@sampan/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createPodVolumes,
  ImagePuller,
  ImageVolumes,
  type ManagedPodVolumes,
  type PodRunner,
} from '../src/index.ts';
import { mountAt, unmountAll } from '../src/volumes/mounts.ts';
import { MadeSources } from './made-sources.ts';
import {
  BUSYBOX,
  canRunContainers,
  logOf,
  Reports,
  run,
  shell,
  startRunner,
  TestNode,
  testPod,
} from './support.ts';

const able = await canRunContainers();

describe.skipIf(!able)('volumes in real containers', () => {
  const sources = new MadeSources();
  let node: TestNode;
  let volumes: ManagedPodVolumes;
  let reports: Reports;
  let runner: PodRunner;

  beforeAll(async () => {
    node = await TestNode.start();
    reports = new Reports();
    volumes = createPodVolumes({
      node: node.node,
      clock: systemClock,
      logger: silentLogger,
      sources,
      images: new ImageVolumes({
        socket: node.containerd.socket,
        images: new ImagePuller(node.runtime),
        credentials: async () => undefined,
      }),
    });
    runner = startRunner(node, reports, { volumes });
  });

  afterAll(async () => {
    await runner?.close();
    await volumes?.close();
    await unmountAll(node.node.podFolder);
    await node?.stop();
  });

  it('show what is in an image, read-only, and nothing is left of that', async () => {
    const image = { reference: BUSYBOX, pullPolicy: 'IfNotPresent' };
    const script = 'test -x /image/bin/busybox && ! touch /image/new && test -x /bin2/sh && echo seen';
    const volumeMounts = [
      { name: 'i', mountPath: '/image' },
      { name: 'i', mountPath: '/bin2', subPath: 'bin' },
    ];
    const pod = testPod('image', {
      restartPolicy: 'Never',
      containers: [shell('app', script, { volumeMounts })],
      volumes: [{ name: 'i', image }],
    });
    const uid = pod.metadata?.uid ?? '';
    const folder = `${node.node.podFolder}/${uid}/volumes/kubernetes.io~image/i`;
    runner.set(pod);
    const { status } = await reports.until(pod, ({ ended }) => ended);
    expect(await logOf(node, pod, 'app')).toContain('seen');
    expect(status.phase).toBe('Succeeded');
    await runner.forget(uid);
    expect(await mountAt(folder)).toBeUndefined();
    const ctr = ['--address', node.containerd.socket, '--namespace', 'k8s.io', 'snapshots', 'ls'];
    expect((await run('ctr', ctr)).stdout).not.toContain(folder);
  });

  it('say why an image cannot be had', async () => {
    const pod = testPod('no-image', {
      containers: [shell('app', '', { volumeMounts: [{ name: 'i', mountPath: '/image' }] })],
      volumes: [{ name: 'i', image: { reference: 'sampan.local/none:v1', pullPolicy: 'Never' } }],
    });
    runner.set(pod);
    await expect
      .poll(() => reports.events.filter((line) => line.startsWith(pod.metadata?.uid ?? '')).join('\n'))
      .toContain(
        'MountVolume.SetUp failed for volume "i" : Container image "sampan.local/none:v1" is not present',
      );
    const deletionTimestamp = new Date().toISOString();
    runner.set({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 1 } });
    await reports.until(pod, ({ ended }) => ended);
    await runner.forget(pod.metadata?.uid ?? '');
  });

  it('are released when their pod is over, before anybody forgets it', async () => {
    sources.set('Secret', 's', { data: { k: 'dg==' } });
    const pod = testPod('over', {
      restartPolicy: 'Never',
      containers: [
        shell('app', 'cat /s/k; echo x >/m/x', {
          volumeMounts: [
            { name: 's', mountPath: '/s' },
            { name: 'm', mountPath: '/m' },
          ],
        }),
      ],
      volumes: [
        { name: 's', secret: { secretName: 's' } },
        { name: 'm', emptyDir: { medium: 'Memory' } },
      ],
    });
    const uid = pod.metadata?.uid ?? '';
    runner.set(pod);
    await reports.until(pod, ({ ended }) => ended);
    await expect.poll(() => readdir(`${node.node.podFolder}/.memory`)).toEqual([]);
    expect(await mountAt(`${node.node.podFolder}/${uid}/volumes/kubernetes.io~empty-dir/m`)).toBeUndefined();
    await runner.forget(uid);
  });

  it('come as soon as what they show appears', async () => {
    const pod = testPod('later', {
      restartPolicy: 'Never',
      containers: [shell('app', 'cat /c/k', { volumeMounts: [{ name: 'c', mountPath: '/c' }] })],
      volumes: [{ name: 'c', configMap: { name: 'later' } }],
    });
    runner.set(pod);
    await expect.poll(() => reports.reasons(pod), { timeout: 5000 }).toContain('FailedMount');
    sources.set('ConfigMap', 'later', { data: { k: 'here' } });
    const { status } = await reports.until(pod, ({ ended }) => ended);
    expect(status.phase).toBe('Succeeded');
    expect(await logOf(node, pod, 'app')).toContain('here');
    // a failed sandbox is no failure of the sandbox
    expect(reports.reasons(pod)).not.toContain('FailedCreatePodSandBox');
    await runner.forget(pod.metadata?.uid ?? '');
  });
});
