import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeLayout } from '@sampan/home';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { BUSYBOX, missingForNode, startTestNode, type TestNode } from '../support/node.ts';

describe.skipIf(missingForNode() !== '')('the life of pods, as kubectl sees it', () => {
  let node: TestNode;

  beforeAll(async () => {
    node = await startTestNode();
  });

  afterAll(() => node?.stop());

  const kubectl = (text: string) => node.kubectl.run(text);
  const apply = (pod: object) => node.kubectl.run('apply -f -', { input: JSON.stringify(pod) });
  const container = (script: string, more: object = {}) => ({
    name: 'app',
    image: BUSYBOX,
    command: ['sh', '-c', script],
    ...more,
  });
  const podOf = (name: string, ...containers: object[]) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { terminationGracePeriodSeconds: 1, containers },
  });

  it('probes pods in the network of their cluster, and says what is wrong with them', async () => {
    const http = { httpGet: { port: 80, path: '/index.html' }, periodSeconds: 1 };
    const script = 'echo hi >/www/index.html; exec httpd -f -p 80 -h /www';
    await apply(podOf('probed', container(script, { readinessProbe: http, livenessProbe: http })));
    await kubectl('wait --for=condition=Ready pod/probed --timeout=30s');
    await kubectl('exec probed -- rm /www/index.html');
    await eventually('the container is restarted', async () =>
      (await kubectl('get pod probed -o jsonpath={.status.containerStatuses[0].restartCount}')).startsWith(
        '1',
      ),
    );
    await kubectl('wait --for=condition=Ready pod/probed --timeout=30s');
    const conditions = await kubectl('get pod probed -o jsonpath={.status.conditions[*].message}');
    expect(conditions.trim()).toBe('');
    const events = await kubectl(
      'get events --field-selector=involvedObject.name=probed -o jsonpath={..message}',
    );
    expect(events).toContain('Liveness probe failed: HTTP probe failed with statuscode: 404');
    expect(events).toContain('Container app failed liveness probe, will be restarted');
    await kubectl('delete pod probed --wait=false');
  });

  it('resizes a pod as it runs, and takes back what it said of it', async () => {
    const resources = (cpu: string) => ({ requests: { cpu }, limits: { cpu } });
    await apply(podOf('resized', container('exec sleep 1000', { resources: resources('100m') })));
    await kubectl('wait --for=condition=Ready pod/resized --timeout=30s');
    const resize = (cpu: string) => {
      const patch = { spec: { containers: [{ name: 'app', resources: resources(cpu) }] } };
      return node.kubectl.run([
        ...['patch', 'pod', 'resized', '--subresource=resize'],
        `--patch=${JSON.stringify(patch)}`,
      ]);
    };
    await resize('1k');
    await kubectl('wait --for=condition=PodResizePending pod/resized --timeout=30s');
    await resize('150m');
    const status =
      '-o jsonpath={.status.containerStatuses[0].resources.limits.cpu}/{.status.conditions[*].type}';
    await eventually('the container has it', async () => {
      const [cpu, conditions = ''] = (await kubectl(`get pod resized ${status}`)).split('/');
      return cpu === '150m' && !conditions.includes('PodResize');
    });
    expect(await kubectl('get pod resized -o jsonpath={.status.containerStatuses[0].restartCount}')).toBe(
      '0',
    );
    await kubectl('delete pod resized --wait=false');
  });

  it('runs the pods of files, and shows them in the API for as long as they run', async () => {
    const { staticPods } = homeLayout(node.sampan.home).node;
    const file = join(staticPods, 'own.json');
    const write = (seconds: number) =>
      writeFileSync(file, JSON.stringify(podOf('own', container(`echo hello; exec sleep ${seconds}`))));
    const mirror = `own-${node.name}`;
    const uid = () => kubectl(`get pod ${mirror} -o jsonpath={.metadata.uid}`);
    write(1000);
    await eventually(
      'there is a mirror',
      async () => (await node.kubectl.try(`get pod ${mirror}`)).code === 0,
    );
    await kubectl(`wait --for=condition=Ready pod/${mirror} --timeout=30s`);
    await eventually('it has written', async () => (await kubectl(`logs ${mirror}`)) === 'hello');
    expect(await kubectl(`exec ${mirror} -- cat /proc/1/cmdline`)).toContain('1000');
    const former = await uid();
    await kubectl(`delete pod ${mirror} --wait=false`);
    await eventually('it is shown again', async () => {
      const found = await node.kubectl.try(`get pod ${mirror} -o jsonpath={.metadata.uid}`);
      return found.code === 0 && found.out !== former;
    });
    expect(await kubectl(`get pod ${mirror} -o jsonpath={.status.containerStatuses[0].restartCount}`)).toBe(
      '0',
    );
    write(2000);
    await eventually('the changed one runs', async () =>
      (await node.kubectl.try(`exec ${mirror} -- cat /proc/1/cmdline`)).out.includes('2000'),
    );
    writeFileSync(file, '{"kind": "Pod"}');
    await eventually('the node tells of the wrong one', async () =>
      (await kubectl('get events -o jsonpath={..message}')).includes(
        'own.json of a static pod cannot be used',
      ),
    );
    rmSync(file);
    await eventually('both are gone', async () =>
      (await node.kubectl.try(`get pod ${mirror}`)).err.includes('NotFound'),
    );
  });
});
