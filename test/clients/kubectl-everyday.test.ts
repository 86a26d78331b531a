import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RUNNING, setPodStatus } from './api-only-node.ts';
import { eventually } from './eventually.ts';
import { type KubectlProgram, kubectls } from './kubectl.ts';
import { boats, configMap, deployment, pod } from './manifests.ts';
import { useKubectl } from './setup.ts';

/** How long a kubectl takes at most to find what it is to wait for. */
const WAITS_AFTER_MS = 3000;

/** What every kubectl since 1.20 can do. The newer ones have more in files of their own. */
describe.each(kubectls())('$name', ({ program }: KubectlProgram) => {
  const setup = useKubectl(program);

  it('applies, shows the difference, applies the change and says when there is none', async () => {
    const { kubectl } = setup;
    const first = kubectl.file('web.yaml', deployment('web', 'nginx:1'), configMap('web', { a: '1' }));
    expect(await kubectl.run(['apply', '-f', first])).toBe(
      'deployment.apps/web created\nconfigmap/web created',
    );
    expect(await kubectl.run(['diff', '-f', first])).toBe('');
    const second = kubectl.file('web.yaml', deployment('web', 'nginx:2'), configMap('web', { a: '1' }));
    const difference = await kubectl.try(['diff', '-f', second]);
    expect(difference.code).toBe(1);
    expect(difference.out).toMatch(/-\s+- image: nginx:1\n\+\s+- image: nginx:2/);
    expect(await kubectl.run(['apply', '-f', second])).toBe(
      'deployment.apps/web configured\nconfigmap/web unchanged',
    );
    expect(
      await kubectl.run('get deployment web -o jsonpath={.spec.template.spec.containers[*].image}'),
    ).toBe('nginx:2');
  });

  it('removes by apply what is no longer in the file, and leaves what others have set', async () => {
    const { kubectl } = setup;
    await kubectl.run(['apply', '-f', kubectl.file('gone.yaml', configMap('gone', { a: '1', b: '2' }))]);
    await kubectl.run(['patch', 'configmap', 'gone', '-p', '{"data":{"c":"3"}}']);
    await kubectl.run(['apply', '-f', kubectl.file('gone.yaml', configMap('gone', { a: '1' }))]);
    expect((await kubectl.json('get configmap gone')).data).toEqual({ a: '1', c: '3' });
  });

  it('applies on the server, is told of conflicts, and forces them', async () => {
    const { kubectl } = setup;
    const mine = kubectl.file('mine.yaml', configMap('shared', { a: '1', b: '1' }));
    const theirs = kubectl.file('theirs.yaml', configMap('shared', { a: '2' }));
    expect(await kubectl.run(['apply', '--server-side', '-f', mine])).toBe(
      'configmap/shared serverside-applied',
    );
    const other = ['apply', '--server-side', '--field-manager=other', '-f', theirs];
    expect(await kubectl.fail(other)).toContain(
      'Apply failed with 1 conflict: conflict with "kubectl": .data.a',
    );
    await kubectl.run([...other, '--force-conflicts']);
    expect((await kubectl.json('get configmap shared')).data).toEqual({ a: '2', b: '1' });
    expect(await kubectl.fail(['diff', '--server-side', '-f', mine])).toContain(
      'conflict with "other": .data.a',
    );
  });

  it('patches by every type', async () => {
    const { kubectl } = setup;
    await kubectl.run(['create', '-f', kubectl.file('p.yaml', deployment('patched', 'nginx:1'))]);
    const strategic = { spec: { template: { spec: { containers: [{ name: 'side', image: 'busybox' }] } } } };
    await kubectl.run(['patch', 'deployment', 'patched', '-p', JSON.stringify(strategic)]);
    await kubectl.run(['patch', 'deployment', 'patched', '--type=merge', '-p', '{"spec":{"replicas":5}}']);
    const json = [
      { op: 'test', path: '/spec/replicas', value: 5 },
      { op: 'replace', path: '/spec/replicas', value: 6 },
    ];
    await kubectl.run(['patch', 'deployment', 'patched', '--type=json', '-p', JSON.stringify(json)]);
    expect(
      await kubectl.run(
        'get deployment patched -o jsonpath={.spec.replicas}{.spec.template.spec.containers[*].name}',
      ),
    ).toBe('6side c');
    expect(
      await kubectl.fail(['patch', 'deployment', 'patched', '--type=json', '-p', JSON.stringify(json)]),
    ).toContain('The request is invalid');
  });

  it('edits by the editor of the user', async () => {
    const { kubectl } = setup;
    await kubectl.run(['create', '-f', kubectl.file('e.yaml', configMap('edited', { a: 'before' }))]);
    expect(await kubectl.run('edit configmap edited', { env: { EDITOR: 'sed -i s/before/after/' } })).toBe(
      'configmap/edited edited',
    );
    expect(await kubectl.run('get configmap edited -o jsonpath={.data.a}')).toBe('after');
    const unchanged = await kubectl.try('edit configmap edited', { env: { EDITOR: 'true' } });
    expect(unchanged).toMatchObject({ code: 0, err: expect.stringContaining('no changes made') });
  });

  it('labels, annotates and selects', async () => {
    const { kubectl } = setup;
    for (const name of ['s1', 's2', 's3']) await kubectl.run(`create configmap ${name} --from-literal=a=b`);
    await kubectl.run('label configmap s1 s2 tier=front');
    await kubectl.run('label configmap s3 tier=back');
    expect(await kubectl.fail('label configmap s3 tier=other')).toContain('already has a value (back)');
    await kubectl.run('label configmap s2 tier=middle --overwrite');
    await kubectl.run('annotate configmap s1 note=hello');
    const names = (selector: string) =>
      kubectl.run(['get', 'configmaps', '-o', 'name', ...selector.split(' ')]);
    expect(await names('-l tier=front')).toBe('configmap/s1');
    expect(await names('-l tier!=front,tier')).toBe('configmap/s2\nconfigmap/s3');
    expect(await kubectl.run(['get', 'cm', '-l', 'tier in (front, back)', '-o', 'name'])).toBe(
      'configmap/s1\nconfigmap/s3',
    );
    expect(await names('--field-selector metadata.name=s2')).toBe('configmap/s2');
    await kubectl.run('label configmap s1 tier-');
    expect(await names('-l tier=front')).toBe('');
    expect(await kubectl.fail('get configmaps --field-selector data.a=b')).toMatch(
      /"data.a" is not a known field selector/,
    );
  });

  it('shows objects wide, sorted, in columns, page by page', async () => {
    const { kubectl } = setup;
    for (const name of ['z-page', 'a-page', 'm-page']) {
      await kubectl.run(`create configmap ${name} -n kube-public --from-literal=key=${name}`);
    }
    expect(
      await kubectl.run(
        'get cm -n kube-public -o custom-columns=N:.metadata.name,K:.data.key --chunk-size=1',
      ),
    ).toMatch(/^N +K\na-page +a-page\n(.*\n)*m-page +m-page\nz-page +z-page$/);
    const sorted = await kubectl.run('get cm -n kube-public --sort-by=.data.key -o name');
    expect(sorted).toMatch(/a-page(.|\n)*m-page(.|\n)*z-page/);
    await kubectl.run(['apply', '-f', kubectl.file('wide.yaml', deployment('wide', 'nginx:1'))]);
    expect(await kubectl.run('get deployment wide -o wide')).toMatch(
      /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR\nwide +0\/2 .* c +nginx:1 +app=wide$/,
    );
    expect(await kubectl.run('get deployment wide -o yaml')).toContain('kind: Deployment');
    expect(await kubectl.run('describe deployment wide')).toMatch(/Replicas: +2 desired/);
  });

  it('watches changes as they come', async () => {
    const { kubectl } = setup;
    const watch = kubectl.start('get configmaps -n kube-node-lease -w -o name');
    try {
      await eventually('the watch has begun', () => watch.output().includes('kube-root-ca.crt'));
      await kubectl.run('create configmap seen -n kube-node-lease');
      await kubectl.run('delete configmap seen -n kube-node-lease');
      const seen = () =>
        watch
          .output()
          .split('\n')
          .filter((line) => line === 'configmap/seen');
      await eventually('creation and deletion', () => seen().length === 2);
    } finally {
      watch.child.kill();
    }
  });

  it('waits for conditions and for deletions', async () => {
    const { kubectl } = setup;
    await kubectl.run(['create', '-f', kubectl.file('w.yaml', pod('waited'))]);
    expect(await kubectl.fail('wait --for=condition=Ready pod/waited --timeout=1s')).toContain(
      'timed out waiting',
    );
    const ready = kubectl.run('wait --for=condition=Ready pod/waited --timeout=30s');
    await setPodStatus(setup.plane, 'default', 'waited', RUNNING);
    expect(await ready).toBe('pod/waited condition met');
    const gone = kubectl.run('wait --for=delete pod/waited --timeout=30s');
    // kubectl 1.20 finds no pod, and no end of it, when it looks too late
    await sleep(WAITS_AFTER_MS);
    await kubectl.run('delete pod waited --now');
    await gone;
  });

  it('runs, exposes, scales, autoscales and changes what runs', async () => {
    const { kubectl } = setup;
    expect(await kubectl.run('run one --image=nginx --port=80 --expose')).toBe(
      'service/one created\npod/one created',
    );
    await kubectl.run('create deployment many --image=nginx:1');
    expect(await kubectl.run('expose deployment many --port=80')).toBe('service/many exposed');
    expect(await kubectl.run('scale deployment many --replicas=3')).toBe('deployment.apps/many scaled');
    expect(await kubectl.fail('scale deployment many --current-replicas=1 --replicas=9')).toContain(
      'Expected replicas',
    );
    expect(await kubectl.run('autoscale deployment many --min=1 --max=3 --cpu-percent=50')).toContain(
      'autoscaled',
    );
    await kubectl.run('set image deployment/many nginx=nginx:2');
    await kubectl.run('set env deployment/many A=B');
    await kubectl.run('set resources deployment/many --limits=cpu=100m');
    await kubectl.run('set serviceaccount deployment/many default');
    await kubectl.run('rollout restart deployment/many');
    await kubectl.run('rollout pause deployment/many');
    await kubectl.run('rollout resume deployment/many');
    const live = await kubectl.json<{
      spec: { replicas: number; template: { spec: { containers: unknown[] } } };
    }>('get deployment many');
    expect(live.spec.replicas).toBe(3);
    expect(live.spec.template.spec.containers).toMatchObject([
      { image: 'nginx:2', env: [{ name: 'A', value: 'B' }], resources: { limits: { cpu: '100m' } } },
    ]);
  });

  it('follows a rollout, tells its history and undoes it', async () => {
    const { kubectl } = setup;
    // without pods, since nothing here would run them
    await kubectl.run(['apply', '-f', kubectl.file('rolled.yaml', deployment('rolled', 'nginx:1', 0))]);
    const rolledOut = () => kubectl.run('rollout status deployment/rolled --timeout=20s');
    expect(await rolledOut()).toContain('successfully rolled out');
    await kubectl.run('set image deployment/rolled c=nginx:2');
    await rolledOut();
    expect(await kubectl.run('rollout history deployment/rolled')).toMatch(/\n1 +<none>\n2 +<none>$/);
    expect(await kubectl.run('rollout history deployment/rolled --revision=1')).toMatch(/Image:\s+nginx:1/);
    await kubectl.run('rollout undo deployment/rolled --to-revision=1');
    await rolledOut();
    expect(await kubectl.run('rollout history deployment/rolled')).toMatch(/\n2 +<none>\n3 +<none>$/);
    const image = 'jsonpath={.spec.template.spec.containers[*].image}';
    expect(await kubectl.run(`get deployment rolled -o ${image}`)).toBe('nginx:1');
  });

  it('explains kinds, custom ones too, and uses them by short name', async () => {
    const { kubectl } = setup;
    expect(await kubectl.run('explain pod.spec.containers.image')).toMatch(/KIND: +Pod\n/);
    expect(await kubectl.run('explain deployment --recursive')).toMatch(
      /\n +terminationGracePeriodSeconds\t<integer>/,
    );
    await kubectl.run(['apply', '-f', kubectl.file('crd.yaml', boats('sea.example.com'))]);
    await kubectl.run('wait --for=condition=Established crd/boats.sea.example.com --timeout=10s');
    await eventually('the kind is explained', async () =>
      (await kubectl.try('explain boats.spec.oars')).out.includes('How many.'),
    );
    const boat = { apiVersion: 'sea.example.com/v1', kind: 'Boat', metadata: { name: 'b' } };
    await kubectl.run(['apply', '-f', kubectl.file('boat.yaml', { ...boat, spec: {} })]);
    expect(await kubectl.run('get bt')).toMatch(/^NAME +OARS\nb +2$/);
    await kubectl.run('scale bt/b --replicas=4');
    expect(await kubectl.run('get all')).toMatch(/boat\.sea\.example\.com\/b +4/);
    expect(
      await kubectl.fail(['apply', '-f', kubectl.file('boat.yaml', { ...boat, spec: { oars: -1 } })]),
    ).toMatch(/spec\.oars/);
    expect(
      await kubectl.fail(['apply', '-f', kubectl.file('boat.yaml', { ...boat, spec: { sails: 1 } })]),
    ).toMatch(/unknown field "?(spec\.)?sails/);
  });

  it('asks what it may do, as itself and as others', async () => {
    const { kubectl } = setup;
    await kubectl.run('create role reader --verb=get,list --resource=pods');
    await kubectl.run('create rolebinding readers --role=reader --user=ann');
    expect(await kubectl.run('auth can-i delete nodes')).toBe('yes');
    expect(await kubectl.run('auth can-i list pods --as=ann')).toBe('yes');
    expect((await kubectl.try('auth can-i delete pods --as=ann')).out).toBe('no\n');
    expect(await kubectl.run('auth can-i --list --as=ann')).toMatch(/\npods +\[\] +\[\] +\[get list\]/);
    expect(await kubectl.fail('get secrets --as=ann')).toBe(
      'Error from server (Forbidden): secrets is forbidden: User "ann" cannot list resource "secrets" in API group "" in the namespace "default"',
    );
  });

  it('lists what the server has', async () => {
    const { kubectl } = setup;
    expect(await kubectl.run('api-resources --namespaced=true --api-group=apps -o name')).toBe(
      ['controllerrevisions', 'daemonsets', 'deployments', 'replicasets', 'statefulsets']
        .map((name) => `${name}.apps`)
        .join('\n'),
    );
    expect(await kubectl.run('api-versions')).toMatch(/^apps\/v1$/m);
    expect(await kubectl.run('cluster-info')).toContain(setup.plane.url);
    expect(await kubectl.run('get --raw /healthz')).toBe('ok');
    expect(await kubectl.run(['get', '--raw', '/readyz?verbose'])).toContain('readyz check passed');
    expect(await kubectl.run('version')).toContain('v1.36.0');
  });

  it('says clearly what is not there', async () => {
    const { kubectl } = setup;
    expect(await kubectl.fail('get nothings')).toBe(
      'error: the server doesn\'t have a resource type "nothings"',
    );
    expect(await kubectl.fail('get pod nobody')).toBe(
      'Error from server (NotFound): pods "nobody" not found',
    );
    expect(await kubectl.fail('top nodes')).toMatch(/Metrics API not available/);
    const double = kubectl.file('double.yaml', configMap('double', {}));
    await kubectl.run(['create', '-f', double]);
    expect(await kubectl.fail(['create', '-f', double])).toContain('configmaps "double" already exists');
  });

  it('deletes with each cascade', async () => {
    const { kubectl } = setup;
    for (const cascade of ['background', 'foreground', 'orphan']) {
      const name = `owner-${cascade}`;
      await kubectl.run(`create configmap ${name}`);
      const uid = await kubectl.run(`get configmap ${name} -o jsonpath={.metadata.uid}`);
      const owned = configMap(`${name}-child`, {});
      const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion: true }];
      const child = { ...owned, metadata: { ...owned.metadata, ownerReferences } };
      await kubectl.run(['create', '-f', kubectl.file('child.yaml', child)]);
      await kubectl.run(`delete configmap ${name} --cascade=${cascade}`);
      if (cascade !== 'orphan') {
        await eventually(
          'the child is gone',
          async () => (await kubectl.try(`get cm ${name}-child`)).code === 1,
        );
        continue;
      }
      const orphan = await kubectl.json<{ metadata: object }>(`get configmap ${name}-child`);
      expect(orphan.metadata).not.toHaveProperty('ownerReferences');
    }
  });

  it('replaces, also by deleting first', async () => {
    const { kubectl } = setup;
    await kubectl.run(['create', '-f', kubectl.file('r.yaml', configMap('replaced', { a: '1' }))]);
    const next = kubectl.file('r.yaml', configMap('replaced', { b: '2' }));
    expect(await kubectl.run(['replace', '-f', next])).toBe('configmap/replaced replaced');
    expect((await kubectl.json('get configmap replaced')).data).toEqual({ b: '2' });
    const before = await kubectl.run('get cm replaced -o jsonpath={.metadata.uid}');
    await kubectl.run(['replace', '--force', '-f', next]);
    expect(await kubectl.run('get cm replaced -o jsonpath={.metadata.uid}')).not.toBe(before);
  });

  it('makes a namespace with what is in it, and deletes both', async () => {
    const { kubectl } = setup;
    await kubectl.run('create namespace short-lived');
    await kubectl.run('create configmap inside -n short-lived');
    expect(await kubectl.run('delete namespace short-lived --timeout=20s')).toBe(
      'namespace "short-lived" deleted',
    );
    expect(await kubectl.fail('create configmap late -n short-lived')).toContain(
      'namespaces "short-lived" not found',
    );
  });
});
