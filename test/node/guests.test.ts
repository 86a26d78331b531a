import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { homeLayout } from '@sampan/home';
import { clusterNetwork, hostAddressOf, networkName, nodeArrival } from '@sampan/network';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import type { Kubectl } from '../clients/kubectl.ts';
import { createGuest, type TestGuest } from '../support/guest.ts';
import { BUSYBOX, missingForNode, startTestNode, type TestNode } from '../support/node.ts';

const hasGvisor = spawnSync('sh', ['-c', 'command -v runsc']).status === 0;

describe.skipIf(missingForNode() !== '')('pods of guest clusters', () => {
  let node: TestNode;
  let a: TestGuest;
  let b: TestGuest;

  beforeAll(async () => {
    node = await startTestNode();
    [a, b] = await Promise.all([
      createGuest(node.sampan, node.kubectl, 'alpha'),
      createGuest(node.sampan, node.kubectl, 'beta'),
    ]);
  });

  afterAll(() => node?.stop());

  const run = (kubectl: Kubectl, name: string, script: string, ...more: string[]) =>
    kubectl.run(['run', name, `--image=${BUSYBOX}`, ...more, '--', 'sh', '-c', script]);
  const serve = async ({ name, kubectl }: TestGuest) => {
    const script = `echo ${name} > /www/index.html; echo ${name} serves; exec httpd -f -p 80 -h /www`;
    await run(kubectl, 'web', script, '--labels=app=web');
    await kubectl.run('wait --for=condition=Ready pod/web --timeout=30s');
  };
  const networkOf = (name: string) => {
    const record = JSON.parse(
      readFileSync(join(homeLayout(node.sampan.home).clusters, name, 'record.json'), 'utf8'),
    ) as { readonly network: number };
    return clusterNetwork({ name: networkName(node.sampan.home, name), index: record.network });
  };
  const containerOf = (kubectl: Kubectl, pod: string) =>
    kubectl.run(`get pod ${pod} -o jsonpath={.status.containerStatuses[0].containerID}`);
  const guestsPid = () => {
    const children = readFileSync(`/proc/${node.sampan.pid}/task/${node.sampan.pid}/children`, 'utf8');
    const isGuests = (pid: string) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('guests');
    return Number(children.trim().split(' ').find(isGuests));
  };

  it('run in both at the same address, each with logs, exec and a name of its own', async () => {
    await Promise.all([serve(a), serve(b)]);
    for (const { name, kubectl } of [a, b]) {
      expect(await kubectl.run('get pod web -o jsonpath={.status.podIP}')).toBe('10.244.0.2');
      expect(await kubectl.run('logs web')).toBe(`${name} serves`);
      expect(await kubectl.run('exec web -- cat /www/index.html')).toBe(name);
    }
    expect(await node.kubectl.run('get pods -A --no-headers')).toBe('');
  });

  it('are reached through the API by port-forward and by the proxy', async () => {
    const forward = a.kubectl.start('port-forward pod/web :80');
    try {
      const port = await eventually('the port is forwarded', () =>
        Promise.resolve(/127\.0\.0\.1:(\d+)/.exec(forward.output())?.[1]),
      );
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('alpha\n');
    } finally {
      forward.child.kill();
    }
    expect(await b.kubectl.run('get --raw /clusters/beta/api/v1/namespaces/default/pods/web/proxy/')).toBe(
      'beta',
    );
  });

  it('reach Services by name and the API of their own cluster, and of no other', async () => {
    for (const { name, kubectl } of [a, b]) {
      await kubectl.run(
        'expose pod web --port=80 --type=NodePort --overrides={"spec":{"ports":[{"port":80,"nodePort":30080}]}}',
      );
      await run(
        kubectl,
        'client',
        'until wget -qO- http://web.default.svc.cluster.local; do sleep 0.1; done',
        '--restart=Never',
      );
      await kubectl.run('wait --for=jsonpath={.status.phase}=Succeeded pod/client --timeout=30s');
      expect(await kubectl.run('logs client')).toContain(name);
    }
    const token = await a.kubectl.run('create token default');
    const ask = (cluster: string) =>
      execFileSync(
        'ip',
        [
          ...['netns', 'exec', networkOf(cluster).name, process.execPath, '-e'],
          `require('https').get('https://10.96.0.1/api', {headers: {authorization: 'Bearer ${token}'}, ca: ${JSON.stringify(rootCa[cluster])}}, (answer) => { console.log(answer.statusCode); process.exit() }).on('error', (error) => console.log(error.code))`,
        ],
        { encoding: 'utf8', timeout: 10_000 },
      ).trim();
    const rootCa: Record<string, string> = {};
    for (const { name, kubectl } of [a, b])
      rootCa[name] = await kubectl.run([
        'get',
        'configmap',
        'kube-root-ca.crt',
        '-o',
        'jsonpath={.data.ca\\.crt}',
      ]);
    expect(ask('alpha')).toBe('200');
    expect(ask('beta')).toBe('401');
  });

  it('are called as webhooks of their own cluster, and measured for it', async () => {
    for (const { name, kubectl } of [a, b]) {
      await eventually('the pod is measured', async () => {
        const { code, out } = await kubectl.try(
          `get --raw /clusters/${name}/apis/metrics.k8s.io/v1beta1/pods`,
        );
        return code === 0 && out.includes('"web"');
      });
    }
    const rules = [
      { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
    ];
    const hook = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'hook' },
      webhooks: [
        {
          name: 'hook.example.com',
          clientConfig: { service: { namespace: 'default', name: 'web', port: 80 } },
          rules,
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
        },
      ],
    };
    await a.kubectl.run(['apply', '-f', a.kubectl.file('hook.json', hook)]);
    // it answers, but does not speak TLS
    expect(await a.kubectl.fail('create configmap x')).toContain('server gave HTTP response to HTTPS client');
    await a.kubectl.run('delete validatingwebhookconfiguration hook');
    await b.kubectl.run('create configmap x');
  });

  it('have NodePorts at an address of their cluster, and not on the ports of the machine', async () => {
    for (const { name, kubectl } of [a, b]) {
      const address = nodeArrival(networkOf(name));
      expect(
        await kubectl.run(
          'get nodes -o jsonpath={.items[0].status.addresses[?(@.type=="ExternalIP")].address}',
        ),
      ).toBe(address);
      expect(await (await fetch(`http://${address}:30080/`)).text()).toBe(`${name}\n`);
    }
    await expect(fetch('http://127.0.0.1:30080/')).rejects.toThrow();
  });

  it('cannot reach those of another cluster', async () => {
    const other = hostAddressOf(networkOf('beta'), '10.244.0.2');
    expect(await (await fetch(`http://${other}/`)).text()).toBe('beta\n');
    // wget's own limit of time crashes in Debian's static busybox
    const ask = (address: string) =>
      a.kubectl.try(`exec web -- busybox timeout 2 wget -qO- http://${address}/`);
    expect((await ask('127.0.0.1')).out).toBe('alpha\n');
    const { code, out } = await ask(other);
    expect(out).toBe('');
    expect(code).not.toBe(0);
  });

  it('run on when the node process is killed, and are looked after by the next one unasked', async () => {
    const before = await containerOf(a.kubectl, 'web');
    await node.kill('SIGKILL');
    await a.kubectl.run('delete pod client --wait=false');
    await node.start();
    await eventually('the pod deleted meanwhile is gone', async () =>
      (await a.kubectl.try('get pod client')).err.includes('NotFound'),
    );
    await eventually(
      'it is looked after, too',
      async () => (await b.kubectl.try('exec web -- true')).code === 0,
    );
    expect(await containerOf(a.kubectl, 'web')).toBe(before);
    expect(await a.kubectl.run('get pod web -o jsonpath={.status.containerStatuses[0].restartCount}')).toBe(
      '0',
    );
  });

  it('run on when the guests process is killed, which comes back unasked', async () => {
    const before = await containerOf(b.kubectl, 'web');
    const pid = guestsPid();
    process.kill(pid, 'SIGKILL');
    await eventually('there is another one', () => Promise.resolve(guestsPid() > 0 && guestsPid() !== pid));
    // by what runs inside, without a request from outside
    const { name } = networkOf('beta');
    await eventually('the API answers inside', () => {
      const args = ['netns', 'exec', name, process.execPath, '-e', PROBE];
      return Promise.resolve(
        execFileSync('ip', args, { encoding: 'utf8', timeout: 10_000 }).trim() === '401',
      );
    });
    await run(b.kubectl, 'later', 'exec sleep 1000');
    await b.kubectl.run('wait --for=condition=Ready pod/later --timeout=30s');
    expect(await containerOf(b.kubectl, 'web')).toBe(before);
  });

  it.skipIf(!hasGvisor)(
    'do what the owner of the machine allows their cluster, under gVisor when it says so',
    async () => {
      const { policy } = homeLayout(node.sampan.home).node;
      writeFileSync(policy, JSON.stringify({ delta: { capabilities: ['NET_ADMIN'] } }));
      const d = await createGuest(node.sampan, node.kubectl, 'delta', { trust: 'sandboxed' });
      const container = (name: string, capability: string) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name },
        spec: {
          containers: [
            {
              name,
              image: BUSYBOX,
              command: ['sleep', '1000'],
              securityContext: { capabilities: { add: [capability] } },
            },
          ],
        },
      });
      const file = d.kubectl.file('pods.json', container('net', 'NET_ADMIN'), container('sys', 'SYS_ADMIN'));
      await d.kubectl.run(['create', '-f', file]);
      await d.kubectl.run('wait --for=condition=Ready pod/net --timeout=30s');
      expect(await d.kubectl.run('exec net -- cat /proc/version')).not.toContain(release());
      await d.kubectl.run('wait --for=jsonpath={.status.phase}=Failed pod/sys --timeout=30s');
      await node.kubectl.run('delete cluster delta --timeout=60s');
    },
  );

  it('get another network when somebody else has theirs by then', async () => {
    const c = await createGuest(node.sampan, node.kubectl, 'gamma');
    const before = networkOf('gamma');
    const link = `t${before.index}`;
    execFileSync('ip', ['link', 'add', link, 'type', 'bridge']);
    try {
      execFileSync('ip', ['link', 'set', link, 'up']);
      execFileSync('ip', ['route', 'add', before.hostRange, 'dev', link]);
      await serve(c);
      expect(networkOf('gamma').index).not.toBe(before.index);
      expect(await (await fetch(`http://${hostAddressOf(networkOf('gamma'), '10.244.0.2')}/`)).text()).toBe(
        'gamma\n',
      );
    } finally {
      execFileSync('ip', ['link', 'delete', link]);
    }
  });

  it('cost nothing while nothing happens', async () => {
    const revision = async () =>
      Number(
        (await b.kubectl.json<{ metadata: { resourceVersion: string } }>('get pods')).metadata
          .resourceVersion,
      );
    const before = await eventually('all is told', async () => {
      const first = await revision();
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return (await revision()) === first && first;
    });
    // longer than a Lease is left alone
    await new Promise((resolve) => setTimeout(resolve, 11_000));
    expect(await revision()).toBe(before);
  });

  it('take no more of the machine than the quota of their cluster', async () => {
    const quota = { pods: 2, cpu: '500m', memory: '256Mi' };
    await node.kubectl.run([
      'patch',
      'cluster',
      'beta',
      '--type=merge',
      `-p=${JSON.stringify({ spec: { quota } })}`,
    ]);
    const capacity = () => b.kubectl.run('get nodes -o jsonpath={.items[0].status.capacity}');
    const { cpu, memory, pods } = await eventually('the node is as small', async () => {
      const told = JSON.parse(await capacity()) as Record<string, string>;
      return told.pods === '2' && told;
    });
    expect({ cpu, memory, pods }).toEqual({ cpu: '500m', memory: '256Mi', pods: '2' });
    await eventually('its cgroup is as small', () => Promise.resolve(boundOf(networkOf('beta').name)));
    await run(b.kubectl, 'third', 'exec sleep 1000');
    await eventually('it has no place', async () =>
      (await b.kubectl.run('get pod third -o jsonpath={.status.conditions[0].message}')).includes(
        'Too many pods',
      ),
    );
    await b.kubectl.run('delete pod third later --grace-period=1');
  });

  it('are refused what the owner of the machine does not let the cluster do, and end when it is deleted', async () => {
    await run(a.kubectl, 'rogue', 'exec sleep 1000', '--privileged', '--restart=Never');
    await eventually('it is refused', async () =>
      (await a.kubectl.run('get pod rogue -o jsonpath={.status.message}')).includes('host policy'),
    );
    const { name } = networkOf('alpha');
    await node.kubectl.run('delete cluster alpha --timeout=60s');
    expect(existsSync(`/run/netns/${name}`)).toBe(false);
    expect(readdirSync(join(homeLayout(node.sampan.home).node.root, 'guests'))).not.toContain('alpha');
    expect(await b.kubectl.run('exec web -- cat /www/index.html')).toBe('beta');
  });
});

/** Whether the cgroup of a cluster's pods has 256 MiB and half a core. */
function boundOf(network: string): boolean {
  const file = (v2: string, v1: string) => {
    const [one, other] = [`/sys/fs/cgroup/sampan-${network}/${v2}`, `/sys/fs/cgroup/${v1}`];
    return readFileSync(existsSync(one) ? one : other.replace('NAME', `sampan-${network}`), 'utf8').trim();
  };
  const cpu = file('cpu.max', 'cpu/NAME/cpu.cfs_quota_us').split(' ')[0];
  return file('memory.max', 'memory/NAME/memory.limit_in_bytes') === String(2 ** 28) && cpu === '50000';
}

const PROBE = `require('https').get('https://10.96.0.1/api', {rejectUnauthorized: false, headers: {authorization: 'Bearer none'}}, (answer) => { console.log(answer.statusCode); process.exit() }).on('error', () => console.log('none'))`;
