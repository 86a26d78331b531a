import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { homeLayout } from '@sampan/home';
import { buildPauseImage, importImage, PAUSE_IMAGE } from '@sampan/kubelet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasUpstream } from '../../tools/upstream/cache.ts';
import { type JoinedMachine, startMachine } from '../../tools/upstream/joined-machine.ts';
import { Kubectl } from '../clients/kubectl.ts';
import { createGuest, type TestGuest } from '../support/guest.ts';
import { BUSYBOX, busyboxImage, missingForNode } from '../support/node.ts';
import { type Sampan, startSampan } from '../support/sampan.ts';

const MAIN = join(import.meta.dirname, '../../apps/cli/src/main.ts');
const WAIT = { timeout: 60_000, interval: 200 };

const canRun = hasUpstream('kubernetes') && missingForNode() === '';

describe.runIf(canRun)('a kubelet 1.20.2 on another machine', { timeout: 120_000 }, () => {
  let machine: JoinedMachine;
  let sampan: Sampan;
  let host: Kubectl;
  let guest: TestGuest;

  beforeAll(async () => {
    machine = await startMachine(PAUSE_IMAGE);
    await importImage(machine.containerd, busyboxImage());
    await importImage(machine.containerd, await buildPauseImage());
    sampan = await startSampan({ listen: machine.hostAddress });
    host = new Kubectl('kubectl', sampan.kubeconfig);
    guest = await createGuest(sampan, host, 'dev');
  }, 60_000);
  afterAll(async () => {
    await machine?.stop();
    await sampan?.stop();
  });

  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'far' },
    spec: {
      terminationGracePeriodSeconds: 0,
      nodeSelector: {} as Record<string, string>,
      containers: [
        { name: 'main', image: BUSYBOX, command: ['sh', '-c', 'echo hello from $HOSTNAME; sleep 3600'] },
      ],
    },
  };

  it('joins by what "cluster token" prints, typed as it stands', async () => {
    const script = execFileSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', MAIN, 'cluster', 'token', 'dev', '--home', sampan.home],
      { encoding: 'utf8' },
    );
    machine.join(script);
    await expect
      .poll(
        () => guest.kubectl.try(`get node ${machine.name} -o jsonpath={.status.conditions[-1:].status}`),
        WAIT,
      )
      .toMatchObject({ out: 'True' });
    // this machine is one, too
    await expect.poll(() => host.run('get cluster dev -o jsonpath={.status.nodes}'), WAIT).toBe('2');
  });

  it('runs a pod', async () => {
    pod.spec.nodeSelector['kubernetes.io/hostname'] = machine.name;
    await guest.kubectl.run(['apply', '-f', guest.kubectl.file('far.json', pod)]);
    await guest.kubectl.run('wait --for=condition=Ready pod/far --timeout=60s');
  });

  it('is called by the API only where the owner of this machine lets it', async () => {
    expect(await guest.kubectl.fail('logs far')).toContain('spec.nodes.ranges');
    expect(await guest.kubectl.run('get csr -o jsonpath={.items[*].status.conditions[*].type}')).toBe(
      'Approved',
    );
    const spec = { nodes: { ranges: [`${machine.address}/32`] } };
    await host.run(['patch', 'cluster', 'dev', '--type=merge', '-p', JSON.stringify({ spec })]);
    await expect.poll(() => guest.kubectl.try('logs far'), WAIT).toMatchObject({ out: 'hello from far\n' });
    expect(await guest.kubectl.run('get csr -o jsonpath={.items[*].status.conditions[*].type}')).toBe(
      'Approved Approved',
    );
  });

  it('answers exec, port-forward, and proxies to the node', async () => {
    expect(await guest.kubectl.run(['exec', 'far', '--', 'hostname'])).toBe('far');
    expect(await guest.kubectl.run(['exec', '-i', 'far', '--', 'cat'], { input: 'through all of it' })).toBe(
      'through all of it',
    );
    expect(await guest.kubectl.fail(['exec', 'far', '--', 'false'])).toContain('exit code 1');
    expect(
      await guest.kubectl.run(`get --raw /clusters/dev/api/v1/nodes/${machine.name}/proxy/healthz`),
    ).toBe('ok');
    expect(
      await guest.kubectl.run(`get --raw /clusters/dev/api/v1/nodes/${machine.name}/proxy/pods`),
    ).toContain('"far"');
  });

  it('renews its Lease, and nothing of that is written to disk', async () => {
    const renewed = () =>
      guest.kubectl.run(
        `get lease ${machine.name} -n kube-node-lease -o jsonpath={.spec.renewTime}/{.metadata.resourceVersion}`,
      );
    // what it tells of its start
    let before = files(sampan.home);
    await expect
      .poll(async () => {
        const last = before;
        await sleep(1000);
        before = files(sampan.home);
        return before === last;
      }, WAIT)
      .toBe(true);
    const first = await renewed();
    await expect.poll(renewed, WAIT).not.toBe(first);
    expect(files(sampan.home)).toBe(before);
    await guest.kubectl.run('delete pod far');
  });
});

/** Sizes and times of what a cluster has on disk. */
function files(home: string): string {
  const folder = join(homeLayout(home).clusters, 'dev');
  return readdirSync(folder)
    .filter((name) => name.includes('.db'))
    .map((name) => {
      const { size, mtimeMs } = statSync(join(folder, name));
      return `${name} ${size} ${mtimeMs}`;
    })
    .join('\n');
}
