import { setImmediate as turn } from 'node:timers/promises';
import type { KubeObject } from '@sampan/api';
import { FakeClock } from '@sampan/base';
import { type Controllers, startControllers } from '@sampan/controllers';
import { type Client, REFS } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Plane, startPlane } from '../support/plane.ts';
import { eventually } from './server.ts';

const LEASES = 'kube-node-lease';
const NS = 'default';

describe('nodes that come and go, by a clock that a test moves', () => {
  const clock = new FakeClock(Date.now());
  let plane: Plane;
  let client: Client;
  let controllers: Controllers;
  beforeAll(async () => {
    plane = await startPlane();
    client = plane.control.client('test');
    controllers = startControllers({ client: (name) => plane.control.client(name), clock });
    await controllers.synced;
    for (const name of ['well', 'ill']) await join(name);
  });
  afterAll(async () => {
    await controllers.stop();
    await plane.close();
  });

  const time = () => new Date(clock.now()).toISOString();
  const setStatus = (name: string, condition: object) =>
    client.patch(
      REFS.nodes,
      undefined,
      name,
      'merge',
      { status: { conditions: [condition] } },
      { subresource: 'status' },
    );
  const join = async (name: string) => {
    await client.create<KubeObject>(REFS.nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/os': 'linux' } },
    });
    const condition = { type: 'Ready', status: 'True', lastHeartbeatTime: `${time().slice(0, 19)}Z` };
    await setStatus(name, condition);
    await client.create(REFS.leases, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: LEASES },
      spec: { holderIdentity: name, renewTime: time().replace('Z', '000Z') },
    });
  };
  const renew = (name: string) =>
    client.patch(REFS.leases, LEASES, name, 'merge', { spec: { renewTime: time().replace('Z', '000Z') } });
  const settle = async () => {
    for (let i = 0; i < 20; i++) await turn();
  };
  /** Lets time pass while these nodes live. */
  const pass = async (seconds: number, ...alive: string[]) => {
    for (let passed = 0; passed < seconds; passed += 10) {
      clock.advance(10_000);
      for (const name of alive) await renew(name);
      await settle();
    }
  };
  const taints = async (name: string) => {
    const node = await client.get<KubeObject>(REFS.nodes, undefined, name);
    return ((node.spec.taints ?? []) as { key: string; effect: string }[])
      .map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')} ${effect}`)
      .sort()
      .join();
  };
  const pod = async (name: string, nodeName: string) => {
    const made = await client.create<KubeObject>(REFS.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: NS },
      spec: {
        nodeName,
        containers: [{ name: 'c', image: 'i' }],
        tolerations: [
          {
            key: 'node.kubernetes.io/unreachable',
            operator: 'Exists',
            effect: 'NoExecute',
            tolerationSeconds: 60,
          },
        ],
      },
    });
    const conditions = [{ type: 'Ready', status: 'True' }];
    await client.update(
      REFS.pods,
      { ...made, status: { phase: 'Running', conditions } },
      { subresource: 'status' },
    );
  };
  const find = async (name: string) =>
    (await client.list<KubeObject>(REFS.pods, { namespace: NS })).items.find(
      ({ metadata }) => metadata.name === name,
    );

  it('lose their pods when they are silent, and get well again', async () => {
    await eventually('they are well', async () => (await taints('ill')) + (await taints('well')) === '');
    await pod('stays', 'well');
    await pod('leaves', 'ill');
    await pass(80, 'well');
    await eventually(
      'the taints',
      async () => (await taints('ill')) === 'unreachable NoExecute,unreachable NoSchedule',
    );
    expect(await taints('well')).toBe('');
    await eventually(
      'the pod is not ready',
      async () => (await find('leaves'))?.status.conditions[0].status === 'False',
    );
    expect((await find('leaves'))?.metadata.deletionTimestamp).toBeUndefined();
    await pass(70, 'well');
    const leaving = await eventually('the eviction', async () => {
      const found = await find('leaves');
      return found?.metadata.deletionTimestamp !== undefined && found;
    });
    expect(leaving.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTaintManager' }),
    );
    expect((await find('stays'))?.metadata.deletionTimestamp).toBeUndefined();
    const node = await client.get<KubeObject>(REFS.nodes, undefined, 'ill');
    expect(node.metadata.labels?.['beta.kubernetes.io/os']).toBe('linux');
    const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: `${time().slice(0, 19)}Z` };
    await setStatus('ill', ready);
    await eventually('it is well', async () => (await taints('ill')) === '');
  });

  it('keep their pods when none is heard of any more', async () => {
    await pass(120);
    await eventually(
      'both are silent',
      async () =>
        (await taints('ill')) === 'unreachable NoSchedule' &&
        (await taints('well')) === 'unreachable NoSchedule',
    );
    await pass(300);
    expect((await find('stays'))?.metadata.deletionTimestamp).toBeUndefined();
  });

  it('take their pods with them when they are deleted, after a while', async () => {
    await client.delete(REFS.nodes, undefined, 'well');
    await pass(30);
    expect(await find('stays')).toBeDefined();
    await pass(20);
    await eventually('the pod is gone', async () => (await find('stays')) === undefined);
  });
});
