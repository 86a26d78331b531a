import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { BUSYBOX, missingForNode, startTestNode, type TestNode } from '../support/node.ts';

describe.skipIf(missingForNode() !== '')('a node that runs pods', () => {
  let node: TestNode;

  beforeAll(async () => {
    node = await startTestNode();
  });

  afterAll(() => node?.stop());

  const run = (name: string, script: string, ...more: string[]) =>
    node.kubectl.run(['run', name, `--image=${BUSYBOX}`, ...more, '--', 'sh', '-c', script]);

  it('is Ready, with a certificate of its own', async () => {
    expect(await node.kubectl.run('get nodes --no-headers')).toMatch(/\bReady\b/);
    expect(await node.kubectl.run('get csr --no-headers')).toMatch(/Approved,Issued/);
  });

  it('runs a pod to its end and tells how it ended', async () => {
    await run('brief', 'echo done; exit 3', '--restart=Never');
    await node.kubectl.run('wait --for=jsonpath={.status.phase}=Failed pod/brief --timeout=30s');
    const state = await node.kubectl.run(
      'get pod brief -o jsonpath={.status.containerStatuses[0].state.terminated.exitCode}',
    );
    expect(state).toBe('3');
  });

  it('lets pods reach Services by name, and the machine NodePorts', async () => {
    await run('web', 'echo hello > /www/index.html; exec httpd -f -p 80 -h /www', '--labels=app=web');
    await node.kubectl.run('expose pod web --port=80 --type=NodePort');
    await node.kubectl.run('wait --for=condition=Ready pod/web --timeout=30s');
    await run('client', 'until wget -qO- http://web; do sleep 0.1; done', '--restart=Never');
    await node.kubectl.run('wait --for=jsonpath={.status.phase}=Succeeded pod/client --timeout=30s');
    const port = await node.kubectl.run('get service web -o jsonpath={.spec.ports[0].nodePort}');
    const page = await fetch(`http://127.0.0.1:${port}/`);
    expect(await page.text()).toBe('hello\n');
  });

  it('takes over what runs after it was killed, and starts nothing twice', async () => {
    const idOf = () => node.kubectl.run('get pod web -o jsonpath={.status.containerStatuses[0].containerID}');
    const before = await idOf();
    await node.kill('SIGKILL');
    await node.kubectl.run('delete pod client --wait=false');
    await node.start();
    await eventually('the pod deleted meanwhile is gone', async () =>
      (await node.kubectl.try('get pod client')).err.includes('NotFound'),
    );
    expect(await idOf()).toBe(before);
    expect(
      await node.kubectl.run('get pod web -o jsonpath={.status.containerStatuses[0].restartCount}'),
    ).toBe('0');
  });

  it('starts containerd again when it dies, and containers run on', async () => {
    const idOf = () => node.kubectl.run('get pod web -o jsonpath={.status.containerStatuses[0].containerID}');
    const before = await idOf();
    const pidFile = join(node.sampan.home, 'containerd/containerd.pid');
    const pid = Number(readFileSync(pidFile, 'utf8'));
    process.kill(pid, 'SIGKILL');
    await run('later', 'exec sleep 1000');
    await node.kubectl.run('wait --for=condition=Ready pod/later --timeout=30s');
    expect(Number(readFileSync(pidFile, 'utf8'))).not.toBe(pid);
    expect(await idOf()).toBe(before);
    await node.kubectl.run('delete pod later --grace-period=1');
  });

  it('names what is wrong with an image that does not exist', async () => {
    await node.kubectl.run(['run', 'missing', '--image=localhost:1/none:v1', '--restart=Never']);
    await eventually('the pull fails', async () => {
      const reason = await node.kubectl.run(
        'get pod missing -o jsonpath={.status.containerStatuses[0].state.waiting.reason}',
      );
      return ['ErrImagePull', 'ImagePullBackOff'].includes(reason);
    });
    await node.kubectl.run('delete pod missing --grace-period=1');
  });
});
