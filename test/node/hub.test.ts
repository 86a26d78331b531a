import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { buildImage } from '@sampan/kubelet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Kubectl } from '../clients/kubectl.ts';
import { createGuest, type TestGuest } from '../support/guest.ts';
import { missingForNode, startTestNode, type TestNode } from '../support/node.ts';
import { hubPortOf, pushImage } from '../support/push-image.ts';

const NAME = 'hub.sampan.local';

/** That says something when it runs; each has a layer of its own. */
const imageThatSays = (text: string): Buffer =>
  buildImage({
    name: 'said:1',
    files: [
      { path: 'bin/', mode: 0o755 },
      { path: 'bin/busybox', content: readFileSync('/usr/bin/busybox'), mode: 0o755 },
      { path: 'said', content: Buffer.from(text) },
    ],
    command: ['/bin/busybox', 'cat', '/said'],
  });

describe.skipIf(missingForNode() !== '')('images of the registry of a home', () => {
  let node: TestNode;
  let alpha: TestGuest;
  let beta: TestGuest;

  beforeAll(async () => {
    node = await startTestNode({ hub: 0 });
    [alpha, beta] = await Promise.all([
      createGuest(node.sampan, node.kubectl, 'alpha'),
      createGuest(node.sampan, node.kubectl, 'beta'),
    ]);
    for (const project of ['host', 'alpha', 'beta'])
      await node.kubectl.run(`wait --for=condition=Ready project/${project} --timeout=30s`);
    for (const image of ['library/open:1', 'host/own:1', 'alpha/own:1', 'beta/own:1'])
      await pushImage(node.sampan, image, imageThatSays(image));
  });

  afterAll(() => node?.stop());

  const start = (kubectl: Kubectl, pod: string, image: string) =>
    kubectl.run(['run', pod, `--image=${image}`, '--restart=Never', '--image-pull-policy=Always']);
  const says = async (kubectl: Kubectl, pod: string, image: string): Promise<string> => {
    await start(kubectl, pod, image);
    await kubectl.run(`wait --for=jsonpath={.status.phase}=Succeeded pod/${pod} --timeout=60s`);
    return await kubectl.run(`logs ${pod}`);
  };

  it('are run by both names that the registry has on the machine, private ones too', async () => {
    const local = `localhost:${hubPortOf(node.sampan)}`;
    expect(await says(node.kubectl, 'open-by-name', `${NAME}/library/open:1`)).toBe('library/open:1');
    expect(await says(node.kubectl, 'open-by-port', `${local}/library/open:1`)).toBe('library/open:1');
    expect(await says(node.kubectl, 'own-by-name', `${NAME}/host/own:1`)).toBe('host/own:1');
    expect(await says(node.kubectl, 'own-by-port', `${local}/host/own:1`)).toBe('host/own:1');
  });

  it('are run by clusters that they belong to, and by no others', async () => {
    expect(await says(alpha.kubectl, 'open', `${NAME}/library/open:1`)).toBe('library/open:1');
    expect(await says(alpha.kubectl, 'own', `${NAME}/alpha/own:1`)).toBe('alpha/own:1');
    expect(await says(beta.kubectl, 'own', `${NAME}/beta/own:1`)).toBe('beta/own:1');
    // also what the machine has fetched for its own cluster
    for (const image of ['beta/own:1', 'host/own:1']) {
      const pod = image.replace(/\W/g, '-');
      await start(alpha.kubectl, pod, `${NAME}/${image}`);
      const state = '{.status.containerStatuses[0].state.waiting.reason}';
      await expect
        .poll(() => alpha.kubectl.run(`get pod ${pod} -o jsonpath=${state}`))
        .toMatch(/^(ErrImagePull|ImagePullBackOff)$/);
      // nor because it is on the machine already (KEP-2535)
      const words = ['run', `${pod}-there`, `--image=${NAME}/${image}`, '--image-pull-policy=IfNotPresent'];
      await alpha.kubectl.run(words);
      await expect
        .poll(() => alpha.kubectl.run(`get pod ${pod}-there -o jsonpath=${state}`))
        .toMatch(/^(ErrImagePull|ImagePullBackOff)$/);
    }
  });

  it('are found when the registry has another port, by logins that are renewed', async () => {
    await pushImage(node.sampan, 'alpha/later:1', imageThatSays('later'));
    const port = hubPortOf(node.sampan);
    const stranger = await takeFromHub(node, port);
    try {
      await expect.poll(() => hubPortOf(node.sampan)).not.toBe(port);
      const local = `localhost:${hubPortOf(node.sampan)}`;
      expect(await says(alpha.kubectl, 'later', `${NAME}/alpha/later:1`)).toBe('later');
      for (const kubectl of [node.kubectl, alpha.kubectl]) {
        const secret = "get secret sampan-hub -o jsonpath={.data['\\.dockerconfigjson']}";
        await expect
          .poll(async () => Buffer.from(await kubectl.run(secret), 'base64').toString())
          .toContain(`"${local}"`);
      }
      expect(await says(alpha.kubectl, 'by-port', `${local}/alpha/later:1`)).toBe('later');
    } finally {
      stranger.close();
    }
  });
});

/** Kills the registry and takes its port before it is there again. */
async function takeFromHub({ sampan: { pid } }: TestNode, port: number): Promise<Server> {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  const isHub = (child: string) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('hub/src/main.ts');
  const hub = children.find(isHub);
  if (hub === undefined) throw new Error('the registry does not run');
  process.kill(Number(hub), 'SIGKILL');
  for (;;) {
    const server = createServer();
    const isTaken = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (isTaken) return server;
  }
}
