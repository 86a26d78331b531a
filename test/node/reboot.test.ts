import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { BUSYBOX, missingForNode, startTestNode, type TestNode } from '../support/node.ts';

/** What the machine loses when its power goes: all processes of the home's containerd, namespaces, links, /run. */
function losePower(home: string, network: string): void {
  const containerd = Number(readFileSync(join(home, 'containerd/containerd.pid'), 'utf8'));
  process.kill(containerd, 'SIGKILL');
  const ours = (pid: string) => {
    const read = (file: string) => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, 'latin1');
      } catch {
        return '';
      }
    };
    return read('cmdline').includes(`${home}/containerd`) || read('cgroup').includes(`sampan-${network}`);
  };
  const victims = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && ours(name));
  for (const pid of victims) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch (error) {
      // it went with its parent
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n').reverse();
  for (const line of mounts) {
    const point = line.split(' ')[1] ?? '';
    if (point.startsWith(`${home}/`)) execFileSync('umount', ['--lazy', point]);
  }
  execFileSync('ip', ['link', 'delete', network]);
  execFileSync('ip', ['netns', 'delete', network]);
  rmSync(`/run/sampan/${network}`, { recursive: true, force: true });
}

describe.skipIf(missingForNode() !== '')('after the machine lost its power', () => {
  let node: TestNode;

  beforeAll(async () => {
    node = await startTestNode();
  });

  afterAll(() => node?.stop());

  it('runs pods again in new containers, but not those that were over', async () => {
    const image = `--image=${BUSYBOX}`;
    await node.kubectl.run(['run', 'web', image, '--', 'sleep', '100000']);
    await node.kubectl.run(['run', 'over', image, '--restart=Never', '--', 'true']);
    await node.kubectl.run(['run', 'once', image, '--restart=Never', '--', 'sleep', '100000']);
    await node.kubectl.run('wait --for=condition=Ready pod/web pod/once --timeout=60s');
    await node.kubectl.run('wait --for=jsonpath={.status.phase}=Succeeded pod/over --timeout=60s');
    const network = execFileSync('ip', ['-j', 'netns', 'list'], { encoding: 'utf8' });
    const own = await networkOf(node);
    expect(network).toContain(own);

    await node.kill('SIGKILL');
    losePower(node.sampan.home, own);
    await node.start();

    await eventually('the pod runs in its second sandbox', async () => {
      const status = await node.kubectl.run(
        'get pod web -o jsonpath={.status.containerStatuses[0].restartCount}{.status.phase}{.status.containerStatuses[0].ready}',
      );
      return status === '1Runningtrue';
    });
    expect(await node.kubectl.run('get pod over -o jsonpath={.status.phase}')).toBe('Succeeded');
    // its container is lost, and it must not run twice
    await eventually(
      'the pod that must not restart has failed',
      async () => (await node.kubectl.run('get pod once -o jsonpath={.status.phase}')) === 'Failed',
    );
    await node.kubectl.run('delete pod --all --grace-period=1');
  });
});

/** The name of the cluster's network, by the link's address that the API's endpoint has. */
async function networkOf(node: TestNode): Promise<string> {
  const address = await node.kubectl.run(
    'get endpoints kubernetes -o jsonpath={.subsets[0].addresses[0].ip}',
  );
  const links = JSON.parse(execFileSync('ip', ['-j', '-4', 'address'], { encoding: 'utf8' })) as {
    ifname: string;
    addr_info: { local: string }[];
  }[];
  const link = links.find(({ addr_info }) => addr_info.some(({ local }) => local === address));
  if (!link) throw new Error(`no interface has ${address}`);
  return link.ifname;
}
