import type { KubeObject } from '@sampan/api';
import { type Client, REFS } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { useKubectl } from '../clients/setup.ts';
import { type PlayedKubelet, playKubelet } from './kubelet.ts';

const DAEMON_SETS = {
  group: 'apps',
  version: 'v1',
  resource: 'daemonsets',
  kind: 'DaemonSet',
  namespaced: true,
};

const image = (value: string) => ({ template: { spec: { containers: [{ name: 'c', image: value }] } } });
const set = (name: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name, namespace: 'default' },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, ...image('i:1').template },
  },
});

describe('a DaemonSet', () => {
  const setup = useKubectl();
  let client: Client;
  let kubelet: PlayedKubelet;
  beforeAll(async () => {
    client = setup.plane.control.client('test');
    for (const name of ['a', 'b', 'c', 'd']) await addNode(name);
    kubelet = playKubelet(client);
  });
  afterAll(async () => kubelet?.stop());

  const addNode = async (name: string) => {
    await client.create(REFS.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { name } } });
    const status = { conditions: [{ type: 'Ready', status: 'True' }] };
    await client.patch(REFS.nodes, undefined, name, 'strategic', { status }, { subresource: 'status' });
    // new nodes are not ready until somebody says otherwise
    await client.patch(REFS.nodes, undefined, name, 'merge', { spec: { taints: null } });
  };
  const kubectl = (command: string) => setup.kubectl.run(command);
  const pods = (): KubeObject[] => setup.plane.control.reader.list('pods', 'default');
  const onNodes = () =>
    pods()
      .map(({ spec }) => spec.nodeName)
      .sort()
      .join('');
  const images = () =>
    pods()
      .map(({ spec }) => spec.containers[0].image)
      .join();
  const stored = () => setup.plane.control.reader.get('daemonsets.apps', 'default', 'agent');
  const patch = (spec: object) => client.patch(DAEMON_SETS, 'default', 'agent', 'merge', { spec });
  const rolledOut = async () =>
    expect(await kubectl('rollout status daemonset/agent --timeout=20s')).toContain(
      'successfully rolled out',
    );

  it('has a pod on every node', async () => {
    await client.create(DAEMON_SETS, set('agent'));
    await rolledOut();
    expect(onNodes()).toBe('abcd');
    expect(stored()?.status).toMatchObject({
      currentNumberScheduled: 4,
      desiredNumberScheduled: 4,
      numberAvailable: 4,
      numberMisscheduled: 0,
      numberReady: 4,
      observedGeneration: 1,
      updatedNumberScheduled: 4,
    });
    const pod = pods()[0];
    expect(pod?.metadata.labels?.['controller-revision-hash']).toMatch(/^[b-z2-9]+$/);
    expect(pod?.spec.tolerations).toContainEqual({
      key: 'node.kubernetes.io/not-ready',
      operator: 'Exists',
      effect: 'NoExecute',
    });
  });

  it('follows nodes as they come, are tainted, and do not match', async () => {
    await addNode('e');
    await eventually('the new node has one', () => onNodes() === 'abcde');
    await kubectl('taint node b own=use:NoSchedule');
    await eventually('it is told', () => stored()?.status.numberMisscheduled === 1);
    expect(onNodes()).toBe('abcde');
    await kubectl('taint node b own=use:NoExecute --overwrite');
    await eventually('it goes', () => onNodes() === 'acde');
    await kubectl('taint node b own-');
    await eventually('it is back', () => onNodes() === 'abcde');
    await kubectl('cordon c');
    await client.delete(
      REFS.pods,
      'default',
      pods().find(({ spec }) => spec.nodeName === 'c')?.metadata.name ?? '',
    );
    await eventually(
      'cordons do not matter',
      () => onNodes() === 'abcde' && stored()?.status.numberReady === 5,
    );
    await kubectl('label node e name-');
    const affinity = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'name', operator: 'Exists' }] }],
        },
      },
    };
    await patch({ template: { spec: { affinity } } });
    await eventually('none on e', () => onNodes() === 'abcd');
    await rolledOut();
  });

  it('rolls one node after the other, and back', async () => {
    let fewest = 4;
    const unwatch = setup.plane.control.reader.watch('pods', () => {
      const up = pods().filter(
        ({ metadata, status }) =>
          !metadata.deletionTimestamp &&
          status.conditions?.some(
            ({ type, status: is }: Record<string, string>) => type === 'Ready' && is === 'True',
          ),
      );
      fewest = Math.min(fewest, up.length);
    });
    await patch(image('i:2'));
    await rolledOut();
    unwatch();
    expect(fewest).toBe(3);
    expect(images()).toBe('i:2,i:2,i:2,i:2');
    await kubectl('rollout undo daemonset/agent');
    await rolledOut();
    expect(images()).toBe('i:1,i:1,i:1,i:1');
    expect(await kubectl('rollout history daemonset/agent')).toMatch(
      /REVISION[^\n]*\n1 [^\n]*\n3 [^\n]*\n4 /,
    );
  });

  it('surges when it may: a new pod is ready before the old one goes', async () => {
    await patch({ updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
    let fewest = 4;
    let most = 0;
    const unwatch = setup.plane.control.reader.watch('pods', () => {
      const living = pods().filter(({ metadata }) => !metadata.deletionTimestamp);
      const up = living.filter(({ status }) =>
        status.conditions?.some(
          ({ type, status: is }: Record<string, string>) => type === 'Ready' && is === 'True',
        ),
      );
      most = Math.max(most, living.length);
      fewest = Math.min(fewest, new Set(up.map(({ spec }) => spec.nodeName)).size);
    });
    await patch(image('i:3'));
    await rolledOut();
    await eventually('one on each', () => images() === 'i:3,i:3,i:3,i:3');
    unwatch();
    expect({ fewest, most }).toEqual({ fewest: 4, most: 5 });
  });

  it('leaves old pods until they are deleted when it is told to', async () => {
    await patch({ updateStrategy: { type: 'OnDelete', rollingUpdate: null }, ...image('i:4') });
    await eventually('it is told', () => (stored()?.status.updatedNumberScheduled ?? 0) === 0);
    expect(images()).toBe('i:3,i:3,i:3,i:3');
    const name = pods().find(({ spec }) => spec.nodeName === 'a')?.metadata.name ?? '';
    await client.delete(REFS.pods, 'default', name);
    await eventually('one is new', () => images().split(',').sort().join() === 'i:3,i:3,i:3,i:4');
  });

  it('replaces a pod that failed, and says so', async () => {
    const name = pods().find(({ spec }) => spec.nodeName === 'd')?.metadata.name ?? '';
    const status = { status: { phase: 'Failed' } };
    await client.patch(REFS.pods, 'default', name, 'strategic', status, { subresource: 'status' });
    await eventually(
      'another one',
      () => onNodes() === 'abcd' && pods().every((pod) => pod.metadata.name !== name),
    );
    const { items } = await client.list(REFS.events, { namespace: 'default' });
    expect(items.find(({ reason }) => reason === 'FailedDaemonPod')?.message).toBe(
      `Found failed daemon pod default/${name} on node d, will try to kill it`,
    );
  });

  it('takes its pods with it', async () => {
    await kubectl('delete daemonset agent');
    await eventually('none is left', () => pods().length === 0);
  });
});
