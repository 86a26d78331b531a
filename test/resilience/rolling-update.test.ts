import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { BUSYBOX, missingForNode } from '../support/node.ts';
import { Cluster, type Part } from './cluster.ts';
import { Requests } from './requests.ts';

const REPLICAS = 3;

/** A web server that tells its version; it answers on for a moment when it is to end, as its Service asks on. */
const deployment = (version: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: REPLICAS,
    selector: { matchLabels: { app: 'web' } },
    strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        terminationGracePeriodSeconds: 5,
        containers: [
          {
            name: 'web',
            image: BUSYBOX,
            command: ['sh', '-c', `echo ${version} >/www/index.html; exec httpd -f -p 80 -h /www`],
            readinessProbe: { httpGet: { port: 80, path: '/index.html' }, periodSeconds: 1 },
            lifecycle: { preStop: { sleep: { seconds: 1 } } },
          },
        ],
      },
    },
  },
});

describe.skipIf(missingForNode() !== '')('a rolling update in which a process is killed', () => {
  let cluster: Cluster;
  let url: string;

  beforeAll(async () => {
    cluster = await Cluster.start();
    await apply('v0');
    await cluster.kubectl.run('expose deployment web --port=80 --type=NodePort');
    await cluster.kubectl.run('rollout status deployment web --timeout=60s');
    const port = await cluster.kubectl.run('get service web -o jsonpath={.spec.ports[0].nodePort}');
    url = `http://127.0.0.1:${port}/`;
    await eventually('the page answers', () =>
      fetch(url).then(
        (response) => response.ok,
        () => false,
      ),
    );
  });
  afterAll(() => cluster?.stop());

  const apply = (version: string) =>
    cluster.kubectl.run('apply -f -', { input: JSON.stringify(deployment(version)) });
  const podNames = async (selector = 'app=web') =>
    (await cluster.kubectl.run(`get pods -l ${selector} -o jsonpath={.items[*].metadata.name}`))
      .split(' ')
      .filter(Boolean);

  it.each<[Part, string]>([
    ['server', 'v1'],
    ['node', 'v2'],
    ['containerd', 'v3'],
  ])('loses no request when it is the %s, and starts nothing twice', async (part, version) => {
    const before = new Set(await podNames());
    const requests = new Requests(url);
    await apply(version);
    await eventually('a new pod is there', async () => (await podNames()).some((name) => !before.has(name)));
    await sleep(300);
    await cluster.kill(part);
    await cluster.kubectl.run('rollout status deployment web --timeout=90s');
    await eventually('the old pods are gone', async () => {
      const present = await podNames();
      return present.length === REPLICAS && present.every((name) => !before.has(name));
    });
    const { failures, answers, count } = await requests.stop();
    expect(failures).toEqual([]);
    expect(count).toBeGreaterThan(20);
    expect([...answers]).toContain(version);
    expect(await fetch(url).then((response) => response.text())).toBe(`${version}\n`);
    const restarts = await cluster.kubectl.run(
      'get pods -l app=web -o jsonpath={.items[*].status.containerStatuses[*].restartCount}',
    );
    // a start that was cut short is no start, and is made again
    expect(restarts).toBe('0 0 0');
    const sandboxes = (await cluster.runtime.listSandboxes()).filter(
      ({ name, ready }) => name.startsWith('web-') && ready,
    );
    expect(sandboxes.map(({ name }) => name).sort()).toEqual((await podNames()).sort());
    const containers = (await cluster.runtime.listContainers()).filter(
      ({ name, state }) => name === 'web' && state === 'running',
    );
    expect(containers.map(({ sandboxId }) => sandboxId).sort()).toEqual(sandboxes.map(({ id }) => id).sort());
  });
});
