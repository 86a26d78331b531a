import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeLayout } from '@sampan/home';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { createGuest } from '../support/guest.ts';
import { BUSYBOX, missingForNode, startTestNode, type TestNode } from '../support/node.ts';

const hasGvisor = spawnSync('runsc', ['--version']).status === 0;
if (!hasGvisor) console.log('tests with gVisor are left out here; missing: runsc');

describe.skipIf(missingForNode() !== '')('the machine under a node', () => {
  let node: TestNode;

  beforeAll(async () => {
    node = await startTestNode();
  });

  afterAll(() => node?.stop());

  const apply = (...items: object[]) =>
    node.kubectl.run('apply -f -', { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });

  const pod = (name: string, script: string, more: object = {}, container: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'app',
          image: BUSYBOX,
          imagePullPolicy: 'Never',
          command: ['sh', '-c', script],
          ...container,
        },
      ],
      ...more,
    },
  });

  it('shows what it and its pods use, and an autoscaler acts on it', async () => {
    const { metadata, spec } = pod(
      'busy',
      'while :; do :; done',
      {},
      { resources: { requests: { cpu: '50m' } } },
    );
    const selector = { matchLabels: { app: 'busy' } };
    const name = { metadata: { name: 'busy' } };
    await apply(
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        ...name,
        spec: { replicas: 1, selector, template: { metadata: { labels: metadata.labels }, spec } },
      },
      {
        ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', ...name },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'busy' },
          ...{ minReplicas: 1, maxReplicas: 2 },
          metrics: [
            {
              type: 'Resource',
              resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
            },
          ],
        },
      },
    );
    await node.kubectl.run('rollout status deployment/busy --timeout=30s');
    expect(await node.kubectl.run('top node --no-headers')).toMatch(/^\S+ +\d+m +\d+% +\d+Mi +\d+%/);
    expect(await node.kubectl.run('top pod --containers --no-headers')).toMatch(
      /^busy-\S+ +app +\d{2,}m +\d+Mi/,
    );
    expect(await node.kubectl.run('top pod -l app=other').catch(() => '')).toBe('');
    expect(await node.kubectl.run('get pods.metrics.k8s.io')).toMatch(/NAME +CPU +MEMORY +WINDOW\nbusy/);
    const raw = await node.kubectl.run(`get --raw /api/v1/nodes/${node.name}/proxy/stats/summary`);
    expect(JSON.parse(raw).pods[0].network.rxBytes).toBeGreaterThanOrEqual(0);
    await eventually(
      'the Deployment has a second pod',
      async () => (await node.kubectl.run('get deployment busy -o jsonpath={.spec.replicas}')) === '2',
      120_000,
    );
    await node.kubectl.run('delete deployment,hpa busy');
  }, 180_000);

  it.skipIf(!hasGvisor)(
    'runs pods in gVisor whose class says so',
    async () => {
      await eventually('the class is there', async () =>
        (await node.kubectl.try('get runtimeclass gvisor')).out.includes('gvisor'),
      );
      await apply(pod('inside', 'dmesg 2>&1 || busybox dmesg; sleep 1000', { runtimeClassName: 'gvisor' }));
      await node.kubectl.run('wait --for=condition=Ready pod/inside --timeout=60s');
      await eventually('its kernel is gVisor', async () =>
        (await node.kubectl.run('logs inside')).includes('Starting gVisor'),
      );
      expect(await node.kubectl.run(['exec', 'inside', '--', 'echo', 'heard'])).toContain('heard');
      expect(await node.kubectl.run('top pod inside --no-headers')).toMatch(/^inside +\d+m +[1-9]\d*Mi/);
      await node.kubectl.run('delete pod inside');
    },
    120_000,
  );

  it('takes pods for a label that it got a moment ago, and none for one that it has not', async () => {
    const choosing = (disk: string) => ({ nodeName: node.name, nodeSelector: { disk } });
    await node.kubectl.run(`label node ${node.name} disk=fast`);
    await apply(pod('fits', 'sleep 1000', choosing('fast')), pod('strays', 'sleep 1000', choosing('slow')));
    await node.kubectl.run('wait --for=condition=Ready pod/fits --timeout=30s');
    await node.kubectl.run('wait --for=jsonpath={.status.reason}=NodeAffinity pod/strays --timeout=30s');
    await node.kubectl.run('delete pod fits strays');
  }, 60_000);

  it('refuses what its owner does not allow, whatever the API let through', async () => {
    await apply(pod('before', 'sleep 1000', { hostNetwork: true }));
    await node.kubectl.run('wait --for=condition=Ready pod/before --timeout=30s');
    await node.kill('SIGTERM');
    const policy = {
      host: { privileged: false, hostNetwork: false, hostPaths: [{ prefix: '/srv' }], handlers: ['runc'] },
    };
    writeFileSync(homeLayout(node.sampan.home).node.policy, JSON.stringify(policy));
    await node.start();
    await apply(
      pod('near', 'sleep 1000', { hostNetwork: true }),
      pod('files', 'sleep 1000', { volumes: [{ name: 'v', hostPath: { path: '/etc' } }] }),
      pod('fine', 'sleep 1000'),
    );
    await node.kubectl.run('wait --for=condition=Ready pod/fine --timeout=30s');
    const told = await node.kubectl.run(
      'get pods near files -o jsonpath={range.items[*]}{.status.phase}/{.status.reason}/{.status.message}{"\\n"}{end}',
    );
    const because = 'Failed/HostPolicy/Pod was rejected: The host policy refuses';
    expect(told).toContain(`${because} spec.hostNetwork: not allowed`);
    expect(told).toContain(`${because} spec.volumes[v].hostPath.path: /etc is not among`);
    expect(await node.kubectl.run('get events --field-selector=reason=HostPolicy -o name')).toContain('near');
    // a pod goes on without the debugger that it may not have
    await node.kubectl.run(
      `debug fine --image=${BUSYBOX} --image-pull-policy=Never --profile=sysadmin --container=bad -- sleep 1000`,
    );
    await eventually('the debugger is refused', async () =>
      (
        await node.kubectl.run('get events --field-selector=reason=HostPolicy -o jsonpath={..message}')
      ).includes('The host policy refuses ephemeral container bad'),
    );
    expect(await node.kubectl.run('get pod fine -o jsonpath={.status.phase}')).toBe('Running');
    // what ran when it was allowed ends
    await node.kubectl.run('wait --for=jsonpath={.status.reason}=HostPolicy pod/before --timeout=30s');
    const ended = 'get pod before -o jsonpath={.status.containerStatuses[0].state.terminated.exitCode}';
    await eventually('its container has ended', async () => (await node.kubectl.run(ended)) === '137');
    await node.kubectl.run('delete pod near files fine before');
  }, 60_000);

  it('evicts pods when it is short of memory, those of guests first, and says so', async () => {
    const guest = await createGuest(node.sampan, node.kubectl, 'lodger');
    await guest.kubectl.run(['run', 'lent', `--image=${BUSYBOX}`, '--', 'sleep', '1000']);
    await guest.kubectl.run('wait --for=condition=Ready pod/lent --timeout=30s');
    await apply(pod('idle', 'sleep 1000'));
    await node.kubectl.run('wait --for=condition=Ready pod/idle --timeout=30s');
    await node.kill('SIGTERM');
    const file = join(homeLayout(node.sampan.home).node.root, 'kubelet.json');
    writeFileSync(file, JSON.stringify({ evictionHard: { 'memory.available': '100%' } }));
    await node.start();
    await node.kubectl.run(`wait --for=condition=MemoryPressure node/${node.name} --timeout=30s`);
    await guest.kubectl.run('wait --for=jsonpath={.status.reason}=Evicted pod/lent --timeout=60s');
    expect(await node.kubectl.run('get pod idle -o jsonpath={.status.phase}')).toBe('Running');
    await node.kubectl.run('wait --for=jsonpath={.status.reason}=Evicted pod/idle --timeout=60s');
    const status = await node.kubectl.run('get pod idle -o jsonpath={.status}');
    expect(JSON.parse(status)).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('The node was low on resource: memory. Threshold quantity: '),
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'DisruptionTarget', reason: 'TerminationByKubelet' }),
      ]),
    });
    await eventually('no pod is sent there', async () =>
      (await node.kubectl.run(`get node ${node.name} -o jsonpath={.spec.taints}`)).includes(
        'memory-pressure',
      ),
    );
    const events = await node.kubectl.run('get events -o jsonpath={.items[*].reason}');
    expect(events).toMatch(/EvictionThresholdMet/);
    expect(events).toMatch(/Evicted/);
  }, 180_000);
});
