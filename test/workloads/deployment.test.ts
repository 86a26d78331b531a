import type { KubeObject } from '@sampan/api';
import { type Client, REFS } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { useKubectl } from '../clients/setup.ts';
import { type PlayedKubelet, playKubelet } from './kubelet.ts';

describe('a Deployment in the hands of kubectl', () => {
  const setup = useKubectl();
  let client: Client;
  let kubelet: PlayedKubelet;
  beforeAll(() => {
    client = setup.plane.control.client('test');
    kubelet = playKubelet(client);
  });
  afterAll(async () => kubelet?.stop());

  const kubectl = (command: string) => setup.kubectl.run(command);
  const pods = (): KubeObject[] => setup.plane.control.reader.list('pods', 'default');
  const images = () => pods().map(({ spec }) => spec.containers[0].image as string);
  const sets = () => setup.plane.control.reader.list('replicasets.apps', 'default');
  const deployment = () => setup.plane.control.reader.get('deployments.apps', 'default', 'web');

  it('is created and becomes available', async () => {
    await kubectl('create deployment web --image=nginx:1 --replicas=3');
    expect(await kubectl('rollout status deployment/web --timeout=20s')).toContain('successfully rolled out');
    expect(pods()).toHaveLength(3);
    const [set] = sets();
    const hash = set?.metadata.labels?.['pod-template-hash'];
    expect(hash).toMatch(/^[b-z2-9]+$/);
    expect(set?.metadata.name).toBe(`web-${hash}`);
    expect(pods().every((pod) => pod.metadata.name?.startsWith(`web-${hash}-`))).toBe(true);
    expect(deployment()?.metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '1' });
    expect(deployment()?.metadata.generation).toBe(1);
    const conditions = await eventually('it says that it is done', () => {
      const { conditions } = deployment()?.status ?? {};
      return conditions?.some(({ reason }: { reason: string }) => reason === 'NewReplicaSetAvailable')
        ? (conditions as Record<string, string>[])
        : undefined;
    });
    expect(
      conditions.map(({ type, status, reason, message }) => ({ type, status, reason, message })),
    ).toEqual([
      {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      },
      {
        type: 'Progressing',
        status: 'True',
        reason: 'NewReplicaSetAvailable',
        message: `ReplicaSet "web-${hash}" has successfully progressed.`,
      },
    ]);
  });

  it('is scaled', async () => {
    await kubectl('scale deployment/web --replicas=5');
    await kubectl('rollout status deployment/web --timeout=20s');
    expect(pods()).toHaveLength(5);
    await kubectl('scale deployment/web --replicas=4');
    await eventually('four are left', () => pods().length === 4);
    expect(sets()).toHaveLength(1);
  });

  it('rolls to a new image within its limits', async () => {
    let most = 0;
    let fewest = Number.POSITIVE_INFINITY;
    const unwatch = setup.plane.control.reader.watch('pods', () => {
      const living = pods().filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      most = Math.max(most, living.length);
      const ready = living.filter(({ status }) =>
        status.conditions?.some(
          ({ type, status }: Record<string, string>) => type === 'Ready' && status === 'True',
        ),
      );
      fewest = Math.min(fewest, ready.length);
    });
    await kubectl('set image deployment/web nginx=nginx:2');
    expect(await kubectl('rollout status deployment/web --timeout=20s')).toContain('successfully rolled out');
    unwatch();
    await eventually('only new pods', () => images().join() === Array(4).fill('nginx:2').join());
    // 25% of 4: one more, one less
    expect(most).toBe(5);
    expect(fewest).toBeGreaterThanOrEqual(3);
    expect(await kubectl('rollout history deployment/web')).toMatch(/REVISION[^\n]*\n1 [^\n]*\n2 /);
  });

  it('is undone, and knows the revisions of both', async () => {
    await kubectl('rollout undo deployment/web');
    await kubectl('rollout status deployment/web --timeout=20s');
    await eventually('old pods again', () => images().join() === Array(4).fill('nginx:1').join());
    expect(deployment()?.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3');
    const history = sets().map(
      ({ metadata }) => metadata.annotations?.['deployment.kubernetes.io/revision-history'],
    );
    expect(history.sort()).toEqual(['1', undefined]);
    expect(await kubectl('rollout history deployment/web')).toMatch(/REVISION[^\n]*\n2 [^\n]*\n3 /);
    await kubectl('rollout undo deployment/web --to-revision=2');
    await kubectl('rollout status deployment/web --timeout=20s');
    await eventually('new pods again', () => images().join() === Array(4).fill('nginx:2').join());
  });

  it('stops at a broken image and goes on when it is mended', async () => {
    kubelet.ready = (pod) => pod.spec.containers[0].image !== 'broken';
    await kubectl('set image deployment/web nginx=broken');
    await eventually('it is stuck', () => images().filter((image) => image === 'broken').length === 2);
    expect(images().filter((image) => image === 'nginx:2')).toHaveLength(3);
    await kubectl('rollout undo deployment/web');
    await kubectl('rollout status deployment/web --timeout=20s');
    await eventually('all are well', () => images().join() === Array(4).fill('nginx:2').join());
  });

  it('is paused and resumed', async () => {
    await kubectl('rollout pause deployment/web');
    await kubectl('set image deployment/web nginx=nginx:3');
    await kubectl('scale deployment/web --replicas=2');
    await eventually('scaled all the same', () => images().join() === 'nginx:2,nginx:2');
    const progressing = () =>
      deployment()?.status.conditions.find(({ type }: Record<string, string>) => type === 'Progressing');
    expect(progressing()).toMatchObject({ status: 'Unknown', reason: 'DeploymentPaused' });
    await kubectl('rollout resume deployment/web');
    await kubectl('rollout status deployment/web --timeout=20s');
    await eventually('rolled', () => images().join() === 'nginx:3,nginx:3');
  });

  it('says when it has taken too long, and recovers', async () => {
    kubelet.ready = (pod) => pod.spec.containers[0].image !== 'broken';
    await client.patch(WORKLOAD, 'default', 'web', 'merge', { spec: { progressDeadlineSeconds: 1 } });
    await kubectl('set image deployment/web nginx=broken');
    const status = setup.kubectl.try('rollout status deployment/web --timeout=20s');
    expect((await status).err).toContain('exceeded its progress deadline');
    await kubectl('set image deployment/web nginx=nginx:4');
    await kubectl('rollout status deployment/web --timeout=20s');
  });

  it('that recreates has no new pod before the last old one has ended', async () => {
    const recreate = { spec: { strategy: { type: 'Recreate', rollingUpdate: null } } };
    await client.patch(WORKLOAD, 'default', 'web', 'merge', recreate);
    kubelet.graceMs = 100;
    let mixed = false;
    const unwatch = setup.plane.control.reader.watch('pods', () => {
      mixed ||= new Set(images()).size > 1;
    });
    await kubectl('set image deployment/web nginx=nginx:5');
    await kubectl('rollout status deployment/web --timeout=20s');
    unwatch();
    expect(mixed).toBe(false);
    expect(images().join()).toBe('nginx:5,nginx:5');
  });

  it('keeps no more old ReplicaSets than it may, and takes all with it when it goes', async () => {
    await client.patch(WORKLOAD, 'default', 'web', 'merge', { spec: { revisionHistoryLimit: 1 } });
    await eventually('one old set', () => sets().length === 2);
    await kubectl('delete deployment web');
    await eventually('nothing is left', () => sets().length === 0 && pods().length === 0);
  });

  it('tells what it did by events', async () => {
    const { items } = await client.list(REFS.events, { namespace: 'default' });
    const notes = items.filter(({ reason }) => reason === 'ScalingReplicaSet').map(({ message }) => message);
    expect(notes).toContainEqual(expect.stringMatching(/^Scaled up replica set web-\w+ from 0 to 3$/));
    expect(notes).toContainEqual(expect.stringMatching(/^Scaled down replica set web-\w+ from 5 to 4$/));
  });
});

const WORKLOAD = {
  group: 'apps',
  version: 'v1',
  resource: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};
