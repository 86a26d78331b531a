import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { boats, configMap, deployment } from './manifests.ts';
import { useKubectl } from './setup.ts';

describe('kubectl with files and subresources', () => {
  const setup = useKubectl();

  it('applies and deletes kustomizations', async () => {
    const { kubectl } = setup;
    const folder = join(kubectl.folder, 'kz');
    mkdirSync(folder);
    writeFileSync(join(folder, 'base.yaml'), JSON.stringify(configMap('base', { a: '1' })));
    const generated = [{ name: 'made', literals: ['a=b'] }];
    const kustomization = { namePrefix: 'kz-', resources: ['base.yaml'], configMapGenerator: generated };
    writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
    expect(await kubectl.run('apply -k kz')).toMatch(
      /configmap\/kz-base created\nconfigmap\/kz-made-\w+ created/,
    );
    await kubectl.run('delete -k kz');
    expect(await kubectl.fail('get configmap kz-base')).toContain('NotFound');
  });

  it('prunes by label, and by ApplySet', async () => {
    const { kubectl } = setup;
    const one = configMap('one', { a: '1' }, { prune: 'me' });
    const two = configMap('two', { a: '1' }, { prune: 'me' });
    await kubectl.run(['apply', '-f', kubectl.file('both.yaml', one, two)]);
    const pruned = ['apply', '--prune', '-l', 'prune=me', '--prune-allowlist=core/v1/ConfigMap'];
    expect(await kubectl.run([...pruned, '-f', kubectl.file('one.yaml', one)])).toBe(
      'configmap/one unchanged\nconfigmap/two pruned',
    );
    const env = { KUBECTL_APPLYSET: 'true' };
    const set = ['apply', '--prune', '--applyset=fleet', '-n', 'default', '-f'];
    const three = deployment('three', 'nginx');
    const four = configMap('four', { a: '1' });
    await kubectl.run([...set, kubectl.file('set.yaml', four, three)], { env });
    expect(await kubectl.run([...set, kubectl.file('set.yaml', four)], { env })).toBe(
      'configmap/four unchanged\ndeployment.apps/three pruned',
    );
  });

  it('shows and edits what was applied last', async () => {
    const { kubectl } = setup;
    await kubectl.run(['apply', '-f', kubectl.file('last.yaml', configMap('last', { key: 'first' }))]);
    expect(await kubectl.run('apply view-last-applied configmap last')).toContain('key: first');
    const env = { EDITOR: 'sed -i s/first/second/' };
    await kubectl.run('apply edit-last-applied configmap last', { env });
    expect(await kubectl.run('apply view-last-applied configmap last')).toContain('key: second');
  });

  it('reads and writes status and scale as things of their own', async () => {
    const { kubectl } = setup;
    await kubectl.run('create deployment sub --image=nginx');
    const patch = (of: string, part: string, body: object) =>
      kubectl.run(['patch', of, 'sub', `--subresource=${part}`, '--type=merge', '-p', JSON.stringify(body)]);
    await patch('deployment', 'scale', { spec: { replicas: 7 } });
    expect(await kubectl.run('get deploy sub --subresource=scale')).toMatch(
      /^NAME +DESIRED +AVAILABLE +AGE\nsub +7 +\d +\d+s$/,
    );
    await kubectl.run(['apply', '-f', kubectl.file('crd.yaml', boats('files.example.com'))]);
    await kubectl.run('wait --for=condition=Established crd/boats.files.example.com --timeout=10s');
    const boat = { apiVersion: 'files.example.com/v1', kind: 'Boat', metadata: { name: 'sub' }, spec: {} };
    await kubectl.run(['apply', '-f', kubectl.file('boat.yaml', boat)]);
    await patch('boat', 'status', { status: { oars: 1 }, spec: { oars: 9 } });
    expect(await kubectl.run('get boat sub --subresource=scale')).toMatch(
      /^NAME +DESIRED +AVAILABLE +AGE\nsub +2 +1 +\d+s$/,
    );
    const env = { EDITOR: 'sed -i s/oars:.1/oars:\\ 3/' };
    await kubectl.run('edit boat sub --subresource=status', { env });
    expect(
      await kubectl.run('get boat sub -o jsonpath={.status.oars}{.spec.oars}{.metadata.generation}'),
    ).toBe('321');
  });

  it('waits for values and for creation', async () => {
    const { kubectl } = setup;
    const created = kubectl.run('wait --for=create configmap/awaited --timeout=20s');
    await kubectl.run('create configmap awaited --from-literal=a=1');
    await created;
    const changed = kubectl.run('wait --for=jsonpath={.data.a}=2 configmap/awaited --timeout=20s');
    await kubectl.run(['patch', 'configmap', 'awaited', '-p', '{"data":{"a":"2"}}']);
    expect(await changed).toBe('configmap/awaited condition met');
  });

  it('watches with the kind of each event', async () => {
    const { kubectl } = setup;
    const watch = kubectl.start(
      'get configmaps -w --output-watch-events --field-selector metadata.name=eventful',
    );
    try {
      await kubectl.run('create configmap eventful');
      await eventually('it is added', () => /ADDED +eventful/.test(watch.output()));
      await kubectl.run('label configmap eventful a=b');
      await kubectl.run('delete configmap eventful');
      await eventually('it is deleted', () =>
        /MODIFIED +eventful(.|\n)*DELETED +eventful/.test(watch.output()),
      );
    } finally {
      watch.child.kill();
    }
  });

  it('deletes by label, by field and all, after trying it dry', async () => {
    const { kubectl } = setup;
    await kubectl.run('create namespace swept');
    for (const name of ['a', 'b', 'c']) await kubectl.run(`create configmap ${name} -n swept`);
    await kubectl.run('label configmap a -n swept go=now');
    expect(await kubectl.run('delete cm -n swept -l go=now --dry-run=server')).toMatch(
      /"a" deleted.*server dry run/,
    );
    expect(await kubectl.run('delete cm -n swept -l go=now')).toMatch(/^configmap "a" deleted/);
    await kubectl.run('delete cm -n swept --field-selector metadata.name=b');
    await kubectl.run('delete cm -n swept --all');
    const left = await kubectl.run(
      'get cm -n swept -o name --field-selector metadata.name!=kube-root-ca.crt',
    );
    expect(left).toBe('');
  });

  it('shows the events of an object', async () => {
    const { kubectl } = setup;
    await kubectl.run('create configmap told');
    const uid = await kubectl.run('get configmap told -o jsonpath={.metadata.uid}');
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'told.1' },
      involvedObject: { apiVersion: 'v1', kind: 'ConfigMap', name: 'told', namespace: 'default', uid },
      reason: 'Told',
      message: 'all of it',
      type: 'Normal',
      lastTimestamp: `${new Date().toISOString().slice(0, 19)}Z`,
    };
    await kubectl.run(['create', '-f', kubectl.file('event.yaml', event)]);
    expect(await kubectl.run('events --for configmap/told')).toMatch(
      /Normal +Told +ConfigMap\/told +all of it/,
    );
    expect(await kubectl.run('get events --field-selector involvedObject.name=told -o name')).toBe(
      'event/told.1',
    );
    expect(await kubectl.run('describe configmap told')).toMatch(/Told .* all of it/);
  });
});
