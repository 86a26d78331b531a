import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiOnlyNode, startApiOnlyNode } from './api-only-node.ts';
import { eventually } from './eventually.ts';
import { pod } from './manifests.ts';
import { useKubectl } from './setup.ts';

describe('kubectl and nodes', () => {
  const setup = useKubectl();
  let node: ApiOnlyNode;

  beforeAll(async () => {
    node = await startApiOnlyNode(setup.plane, 'paper');
  });
  afterAll(() => node.stop());

  it('shows and describes a node', async () => {
    const { kubectl } = setup;
    expect(await kubectl.run('get nodes')).toMatch(
      /^NAME +STATUS +ROLES +AGE +VERSION\npaper +Ready +<none> +\d+s *$/,
    );
    expect(await kubectl.run('describe node paper')).toMatch(/HolderIdentity: +paper/);
  });

  it('taints, cordons and uncordons', async () => {
    const { kubectl } = setup;
    await kubectl.run('taint node paper wet=yes:NoSchedule');
    expect(await kubectl.fail('taint node paper wet=no:NoSchedule')).toContain('already has wet taint');
    await kubectl.run('taint node paper wet-');
    expect(await kubectl.run('cordon paper')).toBe('node/paper cordoned');
    expect(await kubectl.run('get node paper')).toContain('Ready,SchedulingDisabled');
    expect(await kubectl.run('uncordon paper')).toBe('node/paper uncordoned');
    expect(await kubectl.run('get node paper -o jsonpath={.spec.unschedulable}')).toBe('');
  });

  it('drains by eviction, and keeps what a PodDisruptionBudget keeps', async () => {
    const { kubectl } = setup;
    const guarded = pod('guarded', { nodeName: 'paper' });
    await kubectl.run([
      'create',
      '-f',
      kubectl.file('pods.yaml', guarded, pod('free', { nodeName: 'paper' })),
    ]);
    await kubectl.run('wait --for=condition=Ready pod/guarded pod/free --timeout=20s');
    await kubectl.run('create poddisruptionbudget guard --selector=run=guarded --min-available=1');
    const generation =
      '{"status":{"observedGeneration":1,"disruptionsAllowed":0,"currentHealthy":1,"desiredHealthy":1,"expectedPods":1}}';
    await kubectl.run(['patch', 'pdb', 'guard', '--subresource=status', '--type=merge', '-p', generation]);
    expect(await kubectl.fail('drain paper --force --timeout=2s')).toContain(
      "violate the pod's disruption budget",
    );
    expect(await kubectl.run('get pods -o name')).toBe('pod/guarded');
    await kubectl.run('delete pdb guard');
    expect(await kubectl.run('drain paper --force --timeout=20s')).toContain('node/paper drained');
    expect(await kubectl.run('get pods -o name')).toBe('');
    await kubectl.run('uncordon paper');
  });

  it('deletes a pod gracefully, at once, and by force', async () => {
    const { kubectl } = setup;
    for (const flags of ['--grace-period=5', '--now', '--force --grace-period=0']) {
      await kubectl.run(['create', '-f', kubectl.file('doomed.yaml', pod('doomed', { nodeName: 'paper' }))]);
      await kubectl.run(`delete pod doomed ${flags}`);
      expect(await kubectl.fail('get pod doomed')).toContain('NotFound');
    }
  });

  it('adds a container to a pod to look into it', async () => {
    const { kubectl } = setup;
    await kubectl.run(['create', '-f', kubectl.file('odd.yaml', pod('odd', { nodeName: 'paper' }))]);
    await kubectl.run('debug odd --image=busybox --container=look --profile=general');
    await eventually(
      'it is there',
      async () =>
        (await kubectl.run('get pod odd -o jsonpath={.spec.ephemeralContainers[*].name}')) === 'look',
    );
  });

  it('says why it cannot go into a pod that is on no node', async () => {
    const { kubectl } = setup;
    await kubectl.run(['create', '-f', kubectl.file('adrift.yaml', pod('adrift'))]);
    expect(await kubectl.fail('exec adrift -- true')).toContain('pod adrift does not have a host assigned');
    expect(await kubectl.fail('port-forward adrift 8080:80')).toContain('pod is not running');
    expect(await kubectl.run('logs adrift')).toBe('');
  });
});
