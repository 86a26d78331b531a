import { expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { container, PODS, type PodsStage, podOf } from './pods-stage.ts';
import { REFUSED, volume } from './refused-pods.ts';
import type { Cluster } from './two-guests.ts';

/** What pods of a guest do to the machine, in a namespace that forbids them nothing. */
export function podsMachineSuite(started: () => PodsStage): void {
  it('not: what leads out of a pod', async () => {
    const { a, trap } = started();
    await a.create('/apis/node.k8s.io/v1/runtimeclasses', {
      metadata: { name: 'mine' },
      handler: '../../bin/sh',
    });
    trap.forget();
    const made = await Promise.all(
      REFUSED.map(async ([what, spec, more = {}], index) => {
        const name = `rogue-${index}`;
        const answer = await a.create(PODS, podOf(name, { restartPolicy: 'Never', ...spec }, more));
        return { what, name, answer };
      }),
    );
    for (const { what, name, answer } of made) {
      // some the API itself refuses
      if (answer.code !== 201) {
        expect([what, answer.code]).toEqual([what, expect.toBeOneOf([400, 403, 422])]);
        continue;
      }
      const status = await eventually(`${what} is refused`, async () => {
        const found = (await a.get(`${PODS}/${name}`)).json().status;
        const waits = found.containerStatuses?.[0]?.state?.waiting?.reason;
        return (found.phase === 'Failed' || /Error|Unknown/.test(waits ?? '')) && found;
      }).catch((error: unknown) => ({ message: String(error), started: true }));
      expect([what, status.started ?? false, status.containerStatuses?.[0]?.started ?? false]).toEqual([
        what,
        false,
        false,
      ]);
    }
    await Promise.all(made.map(({ name }) => a.remove(`${PODS}/${name}?gracePeriodSeconds=0`)));
    expect(trap.visits).toEqual([]);
  });

  it('not: files of the machine by a volume of the cluster', async () => {
    const { a, node } = started();
    const anywhere = { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'Exists' }] };
    const nodeAffinity = { required: { nodeSelectorTerms: [anywhere] } };
    await claimVolume(a, 'etc', { hostPath: { path: '/etc' } });
    await claimVolume(a, 'home', { local: { path: node.sampan.home }, nodeAffinity });
    for (const name of ['etc', 'home'])
      await a.create(PODS, podOf(`with-${name}`, volume({ persistentVolumeClaim: { claimName: name } })));
    // longer than a pod takes to run
    await new Promise((resolve) => setTimeout(resolve, 4000));
    for (const name of ['etc', 'home']) {
      const { status } = (await a.get(`${PODS}/with-${name}`)).json();
      expect([name, status.phase]).not.toEqual([name, 'Running']);
      await a.remove(`${PODS}/with-${name}?gracePeriodSeconds=0`);
    }
  });

  it('not: files of the machine by links that a pod makes', async () => {
    const { a, kubectl } = started();
    const makeLinks = [
      'ln -s / /v/all; ln -s /etc/shadow /v/file; ln -s ../../../../../../../../etc /v/up',
      'rm -f /dev/termination-log; ln -s /etc/shadow /dev/termination-log',
    ].join('; ');
    const mounting = (subPath: string, initContainers: object[]) => ({
      volumes: [{ name: 'v', emptyDir: {} }],
      initContainers,
      containers: [container({ volumeMounts: [{ name: 'v', mountPath: '/m', subPath }] })],
    });
    const volumeMounts = [{ name: 'v', mountPath: '/v' }];
    const maker = { ...container({ command: ['sh', '-c', makeLinks], volumeMounts }), name: 'i' };
    const links = ['all', 'all/etc', 'up', 'file'].map((subPath, i) => ({ name: `link-${i}`, subPath }));
    await Promise.all(
      links.map(({ name, subPath }) => a.create(PODS, podOf(name, mounting(subPath, [maker])))),
    );
    await a.create(PODS, podOf('plain', mounting('x', [])));
    await eventually(
      'one that stays within runs',
      async () => (await a.get(`${PODS}/plain`)).json().status.phase === 'Running',
    );
    // so that the others would run, too
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const read = ['sh', '-c', 'cat /m /m/shadow /m/etc/shadow'];
    for (const { name } of links) {
      const { out } = await kubectl.try(['exec', name, '--', ...read]);
      expect(out).not.toContain('root:');
      expect((await a.get(`${PODS}/${name}`)).text).not.toContain('root:');
    }
    const names = [...links.map(({ name }) => name), 'plain'];
    await Promise.all(names.map((name) => a.remove(`${PODS}/${name}?gracePeriodSeconds=0`)));
  });

  it('not: what is left of themselves told as a file of the machine', async () => {
    const { a } = started();
    const script =
      'rm -f /dev/termination-log /x; ln -sf /etc/shadow /x; echo mine > /dev/termination-log; exit 1';
    const terminal = container({
      command: ['sh', '-c', script],
      terminationMessagePath: '/../../../etc/shadow',
    });
    await a.create(PODS, podOf('last', { restartPolicy: 'Never', containers: [terminal] }));
    const pod = await eventually('it has ended', async () => {
      const found = await a.get(`${PODS}/last`);
      return found.json().status.phase === 'Failed' && found.text;
    });
    expect(pod).not.toContain('root:');
    await a.remove(`${PODS}/last?gracePeriodSeconds=0`);
  });

  it('not: mounts, devices, modules, and processes of others from within', async () => {
    const stage = started();
    const { kubectl } = stage;
    const attempts = [
      'mount -t tmpfs x /tmp',
      'echo 1 > /proc/sys/kernel/panic',
      'echo x > /proc/sysrq-trigger',
      'head -c 1 /proc/kcore | grep -q .',
      'head -c 1 /dev/mem | grep -q .',
      'echo > /sys/kernel/uevent_helper',
      'cd /sys/fs/cgroup/memory 2>/dev/null || cd /sys/fs/cgroup; mkdir x',
      'busybox mknod /disk b 254 0; head -c 1 /disk | grep -q .',
      'busybox mknod /memory c 1 1; head -c 1 /memory | grep -q .',
      'cat /proc/1/root/etc/shadow',
    ];
    for (const attempt of attempts) {
      const { code, out } = await stage.inClient('sh', '-c', attempt);
      expect([attempt, code]).not.toEqual([attempt, 0]);
      expect(out).not.toContain('root:');
    }
    const processes = await kubectl.run(['exec', 'client', '--', 'ps']);
    expect(processes).toContain('sleep 10000');
    expect(processes).not.toMatch(/containerd|httpd|main\.ts/);
  });

  it('not: as many processes as there can be', async () => {
    const { a, b } = started();
    const bomb = 'i=0; while [ $i -lt 6000 ]; do sleep 60 & i=$((i+1)); done; echo all; wait';
    const limits = { containers: [container({ command: ['sh', '-c', bomb] })] };
    await a.create(PODS, podOf('bomb', { restartPolicy: 'Never', ...limits }));
    const log = () => a.get(`${PODS}/bomb/log`).then(({ text }) => text);
    await eventually('no more can be made', async () => /can't fork|unavailable/.test(await log()));
    expect(await log()).not.toContain('all');
    // of others
    expect((await b.get(`${PODS}/web`)).code).toBe(200);
    const fresh = await b.create(PODS, podOf('fresh'));
    expect(fresh.code).toBe(201);
    await eventually('a pod of another cluster starts', async () => {
      return (await b.get(`${PODS}/fresh`)).json().status.phase === 'Running';
    });
    await a.remove(`${PODS}/bomb?gracePeriodSeconds=0`);
  });
}

/** Makes a volume of this source, and a claim that has it. */
async function claimVolume(cluster: Cluster, name: string, source: object): Promise<void> {
  const common = { accessModes: ['ReadWriteOnce'], storageClassName: '' };
  await cluster.create('/api/v1/persistentvolumes', {
    metadata: { name },
    spec: { ...common, capacity: { storage: '1Gi' }, claimRef: { namespace: 'default', name }, ...source },
  });
  await cluster.create('/api/v1/namespaces/default/persistentvolumeclaims', {
    metadata: { name },
    spec: { ...common, volumeName: name, resources: { requests: { storage: '1Gi' } } },
  });
}
