import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGuest, type TestGuest } from '../support/guest.ts';
import { BUSYBOX, missingForNode, startTestNode, type TestNode } from '../support/node.ts';

const hasGvisor = spawnSync('runsc', ['--version']).status === 0;
const WAIT = { timeout: 90_000, interval: 200 };

/** How many processes on the machine run a command. */
function processes(command: string): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') === command.replaceAll(' ', '\0')
      );
    } catch {
      // it ended meanwhile
      return false;
    }
  }).length;
}

describe.skipIf(missingForNode() !== '')('pods in the life of a guest cluster', () => {
  const COMMAND = 'sleep 86321';
  let node: TestNode;
  let guest: TestGuest;
  beforeAll(async () => {
    node = await startTestNode();
    guest = await createGuest(node.sampan, node.kubectl, 'alpha');
    await guest.kubectl.run(['run', 'web', `--image=${BUSYBOX}`, '--command', '--', ...COMMAND.split(' ')]);
    await guest.kubectl.run('wait --for=condition=Ready pod/web --timeout=90s');
  });
  afterAll(() => node?.stop());

  const patch = (spec: object) =>
    node.kubectl.run(['patch', 'cluster', 'alpha', '--type=merge', '-p', JSON.stringify({ spec })]);

  it('run on in the one that is cloned, and once more in the clone', async () => {
    expect(processes(`${COMMAND}\0`)).toBe(1);
    const clone = await createGuest(node.sampan, node.kubectl, 'clone', { from: { cluster: 'alpha' } });
    await clone.kubectl.run('wait --for=condition=Ready pod/web --timeout=90s');
    expect(processes(`${COMMAND}\0`)).toBe(2);
    await node.kubectl.run('delete cluster clone');
    await expect.poll(() => processes(`${COMMAND}\0`), WAIT).toBe(1);
  });

  it('have the addresses that a cluster of other ranges chose, and find each other there', async () => {
    const network = { pods: '10.50.7.0/24', services: '172.20.16.0/24' };
    const { kubectl } = await createGuest(node.sampan, node.kubectl, 'ranges', { network });
    const serve = 'echo found > /www/index.html; exec httpd -f -p 80 -h /www';
    await kubectl.run(['run', 'web', `--image=${BUSYBOX}`, '--labels=app=web', '--', 'sh', '-c', serve]);
    await kubectl.run('expose pod web --port=80');
    const ask = [
      'until wget -qO- http://web.default.svc.cluster.local; do sleep 0.1; done',
      'cat /etc/resolv.conf',
      'echo $KUBERNETES_SERVICE_HOST',
      'nc $KUBERNETES_SERVICE_HOST 443 < /dev/null && echo connected',
    ];
    await kubectl.run([
      'run',
      'client',
      `--image=${BUSYBOX}`,
      '--restart=Never',
      '--',
      'sh',
      '-c',
      ask.join('; '),
    ]);
    await kubectl.run('wait --for=jsonpath={.status.phase}=Succeeded pod/client --timeout=60s');
    const said = await kubectl.run('logs client');
    for (const word of ['found', 'nameserver 172.20.16.10', '\n172.20.16.1\n', 'connected'])
      expect(said).toContain(word);
    expect(await kubectl.run('get pod web -o jsonpath={.status.podIP}')).toMatch(/^10\.50\.7\./);
    expect(await kubectl.run('get service web -o jsonpath={.spec.clusterIP}')).toMatch(/^172\.20\.16\./);
    // a clone of it has the usual ones: Services get others
    const clone = await createGuest(node.sampan, node.kubectl, 'usual', { from: { cluster: 'ranges' } });
    expect(await clone.kubectl.run('get service web -o jsonpath={.spec.clusterIP}')).toMatch(/^10\./);
    expect(await clone.kubectl.run('get service kubernetes -o jsonpath={.spec.clusterIP}')).toBe('10.96.0.1');
    await clone.kubectl.run('wait --for=condition=Ready pod/web --timeout=60s');
    expect(await clone.kubectl.run('get pod web -o jsonpath={.status.podIP}')).toMatch(/^10\.244\.0\./);
    await node.kubectl.run('delete cluster ranges usual');
  });

  it('end when it is put into the trash, and run again when it is had back', async () => {
    await patch({ deletion: { requestedAt: '2026-11-22T12:00:00Z', keepSeconds: 30_000_000 } });
    await expect.poll(() => processes(`${COMMAND}\0`), WAIT).toBe(0);
    await patch({ deletion: null });
    await expect.poll(() => processes(`${COMMAND}\0`), WAIT).toBe(1);
  });

  it.skipIf(!hasGvisor)('begin anew under gVisor when it is trusted no more, and back', async () => {
    const kernel = async () => (await guest.kubectl.try('exec web -- cat /proc/version')).out;
    // what gVisor says that it is
    expect(await kernel()).not.toContain('Linux version 4.4.0 ');
    await patch({ trust: 'sandboxed' });
    await expect.poll(kernel, WAIT).toContain('Linux version 4.4.0 ');
    await patch({ trust: 'trusted' });
    await expect.poll(() => processes(`${COMMAND}\0`), WAIT).toBe(1);
    await guest.kubectl.run('wait --for=condition=Ready pod/web --timeout=90s');
  });

  it('run on while it gets new keys', async () => {
    await patch({ rotation: { startRequestedAt: '2026-11-22T12:00:00Z' } });
    await node.kubectl.run('wait --for=condition=KeysRotated cluster/alpha --timeout=60s');
    await patch({ rotation: { finishRequestedAt: '2026-11-22T12:00:00Z' } });
    await expect
      .poll(() => node.kubectl.run('get cluster alpha -o jsonpath={.status.handled.rotationFinish}'), WAIT)
      .not.toBe('');
    expect(processes(`${COMMAND}\0`)).toBe(1);
  });
});
