import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { homeLayout } from '@sampan/home';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { get, whoOf } from '../network/ingress-client.ts';
import { BUSYBOX, missingForNode, startTestNode, type TestNode } from '../support/node.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}

/** Tells its name as JSON, as `whoOf` reads it. */
const webPod = (name: string, port: number, more: object = {}, ports: object[] = []) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: name } },
  spec: {
    ...more,
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'web',
        image: BUSYBOX,
        command: ['sh', '-c', `echo '{"name":"${name}"}' >/www/index.html; exec httpd -f -p ${port} -h /www`],
        readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
        ports,
      },
    ],
  },
});
const serviceOf = (name: string, type: string, port: number, targetPort: number) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { type, selector: { app: name }, ports: [{ port, targetPort }] },
});

describe.skipIf(missingForNode() !== '')('pods, the machine and its addresses', () => {
  let node: TestNode;
  let address: string;
  const ports = { host: 0, hostPort: 0, balanced: 0 };

  beforeAll(async () => {
    node = await startTestNode();
    address = await node.kubectl.run(
      'get nodes -o jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}',
    );
    for (const name of ['host', 'hostPort', 'balanced'] as const) ports[name] = await freePort();
    const objects = [
      webPod('host', ports.host, { hostNetwork: true }),
      webPod('inside', 80, {}, [{ containerPort: 80, hostPort: ports.hostPort }]),
      serviceOf('host', 'NodePort', 80, ports.host),
      serviceOf('inside', 'LoadBalancer', ports.balanced, 80),
    ];
    const items = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    await node.kubectl.run('apply -f -', { input: items });
    await node.kubectl.run('wait --for=condition=Ready pod/host pod/inside --timeout=30s');
  });
  afterAll(() => node?.stop());

  const read = (path: string) => node.kubectl.run(`get ${path}`);
  /** From a pod, by the shell's means: what answers. */
  const fromPod = async (pod: string, ip: string, port: string | number) => {
    const script = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${ip} ${port}`;
    return (await node.kubectl.try(['exec', pod, '--', 'sh', '-c', script])).out;
  };

  it('reach each other by every address that upstream gives them', async () => {
    const nodePort = await read('service host -o jsonpath={.spec.ports[0].nodePort}');
    const [host, inside] = await Promise.all(
      ['host', 'inside'].map((name) => read(`service ${name} -o jsonpath={.spec.clusterIP}`)),
    );
    const pod = await read('pod inside -o jsonpath={.status.podIP}');
    expect(await read('pod host -o jsonpath={.status.podIP}')).toBe(address);
    const ways: [string, string, string | number][] = [
      ['host', address, ports.host],
      ['host', host ?? '', 80],
      ['host', address, nodePort],
      ['inside', inside ?? '', ports.balanced],
      ['inside', address, ports.balanced],
      ['inside', address, ports.hostPort],
      ['inside', pod, 80],
    ];
    for (const from of ['host', 'inside'])
      for (const [to, ip, port] of ways)
        await eventually(
          `${from} reaches ${to} at ${ip}:${port}`,
          async () => (await fromPod(from, ip, port)).includes(`"name":"${to}"`),
          15_000,
        );
    for (const ip of ['127.0.0.1', address])
      for (const [to, port] of [
        ['host', nodePort],
        ['inside', ports.balanced],
        ['inside', ports.hostPort],
      ] as const)
        expect(whoOf(await get(Number(port), 'x', '/', undefined, ip))).toBe(to);
  });

  it.skipIf(spawnSync('haproxy', ['-v']).status !== 0)(
    'are served by Ingress at a name, also while the node process is away',
    async () => {
      const rule = `--rule=web.localhost/*=inside:${ports.balanced}`;
      await node.kubectl.run(['create', 'ingress', 'web', rule]);
      const port = await eventually(
        'it is served',
        async () =>
          Number(await read('ingress web -o jsonpath={.status.loadBalancer.ingress[0].ports[0].port}')) ||
          undefined,
      );
      expect(whoOf(await get(port, 'web.localhost'))).toBe('inside');
      await node.kill('SIGKILL');
      expect(whoOf(await get(port, 'web.localhost'))).toBe('inside');
      await node.start();
      const { root } = homeLayout(node.sampan.home).node;
      expect(JSON.parse(readFileSync(join(root, 'ingress/ports.json'), 'utf8'))).toMatchObject({
        http: port,
      });
      expect(whoOf(await get(port, 'web.localhost'))).toBe('inside');
    },
  );
});
