import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasUpstream } from '../../tools/upstream/cache.ts';
import type { Child } from '../../tools/upstream/child.ts';
import { startComponent } from '../../tools/upstream/kubernetes.ts';
import { type ApiOnlyNode, startApiOnlyNode } from './api-only-node.ts';
import { eventually } from './eventually.ts';
import { deployment } from './manifests.ts';
import { useKubectl } from './setup.ts';

const here = hasUpstream('kubernetes');
if (!here && process.env.CI !== undefined) {
  throw new Error('CI must test upstream components: build them with tools/upstream/build-kubernetes.sh');
}
if (!here) console.log('upstream components are not tested: tools/upstream/build-kubernetes.sh builds them');

const COMPONENTS = ['kube-controller-manager', 'kube-scheduler'] as const;

/** How client-go encodes what it sends. Both read our JSON answers. */
const ENCODINGS = ['application/json', 'application/vnd.kubernetes.protobuf'];

/**
 * Errors that upstream's components log on any server: they name what they were not given by the test, or a
 * write that lost a race and is repeated.
 */
const HARMLESS = [
  // no cloud is configured
  /no cloud provider provided/,
  // what they were about to write to was deleted meanwhile, by a scale down for example
  /"[\w.-]+" not found/,
  // they wrote from a cache that was behind their own last write; they try again
  /"[\w.-]+" already exists/,
  /the object has been modified; please apply your changes to the latest version and try again/,
];

/** Errors, and warnings of client-go's reflectors: a list or watch that went wrong. */
const COMPLAINT = /^([EF]\d{4} |W\d{4} .* reflector\.go)/;

interface Workload {
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly readyReplicas?: number; readonly updatedReplicas?: number };
}
interface Listed {
  readonly items: readonly { readonly spec: { readonly nodeName?: string; readonly containers: unknown } }[];
}

describe.runIf(here).each(ENCODINGS)('upstream 1.20.2 components that send %s', (encoding) => {
  // ours would do the same work as theirs, and hide what theirs cannot do
  const setup = useKubectl(undefined, { legacyApis: true, controllers: false });
  const folder = mkdtempSync(join(tmpdir(), 'sampan-components-'));
  const children: Child[] = [];
  let node: ApiOnlyNode | undefined;

  beforeAll(async () => {
    const flags = [`--kube-api-content-type=${encoding}`];
    for (const name of COMPONENTS) {
      children.push(await startComponent(name, setup.plane.kubeconfig, folder, flags));
    }
    node = await startApiOnlyNode(setup.plane, 'paper');
  });

  afterAll(async () => {
    await node?.stop();
    for (const child of children) await child.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('bring the pods of a Deployment onto a node that is only an object', async () => {
    const { kubectl } = setup;
    await kubectl.run(['apply', '-f', kubectl.file('web.yaml', deployment('web', 'nginx:1', 3))]);
    const pods = await eventually('three bound pods', async () => {
      const { items } = await kubectl.json<Listed>('get pods -l app=web');
      return items.length === 3 && items.every(({ spec }) => spec.nodeName === 'paper') ? items : undefined;
    });
    expect(pods).toHaveLength(3);
    expect(await kubectl.run('rollout status deployment/web --timeout=30s')).toContain(
      'successfully rolled out',
    );
  });

  it('roll out a new image, keep its history and undo it', async () => {
    const { kubectl } = setup;
    const images = async () =>
      kubectl.run('get pods -l app=web -o jsonpath={.items[*].spec.containers[*].image}');
    await kubectl.run('set image deployment/web c=nginx:2');
    expect(await kubectl.run('rollout status deployment/web --timeout=60s')).toContain(
      'successfully rolled out',
    );
    await eventually('only new pods', async () => (await images()) === 'nginx:2 nginx:2 nginx:2');
    expect(await kubectl.run('rollout history deployment/web')).toMatch(/REVISION[^\n]*\n1 [^\n]*\n2 /);
    await kubectl.run('rollout undo deployment/web');
    expect(await kubectl.run('rollout status deployment/web --timeout=60s')).toContain(
      'successfully rolled out',
    );
    await eventually('only old pods', async () => (await images()) === 'nginx:1 nginx:1 nginx:1');
  });

  it('scale, and say what they did in Events', async () => {
    const { kubectl } = setup;
    await kubectl.run('scale deployment web --replicas=1');
    await eventually('one ready pod', async () => {
      const { status } = await kubectl.json<Workload>('get deployment web');
      return status?.readyReplicas === 1 && status.updatedReplicas === 1;
    });
    const events = await kubectl.run('get events -o custom-columns=R:.reason --no-headers');
    const said = ['RegisteredNode', 'ScalingReplicaSet', 'SuccessfulCreate', 'SuccessfulDelete', 'Scheduled'];
    // there may be more: FailedScheduling, when a pod was there before the node's first taint was lifted
    expect(events.split('\n')).toEqual(expect.arrayContaining(said));
  });

  it('start a Job, roll out a StatefulSet in order and a DaemonSet on the node', async () => {
    const { kubectl } = setup;
    const { spec } = deployment('set', 'nginx:1', 2);
    await kubectl.run('create service clusterip set --clusterip=None --tcp=80');
    const sets = [
      { kind: 'StatefulSet', spec: { ...spec, serviceName: 'set' } },
      { kind: 'DaemonSet', spec: { selector: spec.selector, template: spec.template } },
    ].map((set) => ({ apiVersion: 'apps/v1', metadata: { name: 'set' }, ...set }));
    const [stateful, daemon] = sets;
    await kubectl.run(['apply', '-f', kubectl.file('stateful.yaml', stateful)]);
    expect(await kubectl.run('rollout status statefulset/set --timeout=30s')).toContain(
      '2 new pods have been updated',
    );
    await kubectl.run('delete statefulset set');
    await kubectl.run(['apply', '-f', kubectl.file('daemon.yaml', daemon)]);
    expect(await kubectl.run('rollout status daemonset/set --timeout=30s')).toContain(
      'successfully rolled out',
    );
    await kubectl.run('create job once --image=busybox -- true');
    await eventually(
      'the job has a pod',
      async () => (await kubectl.run('get job once -o jsonpath={.status.active}')) === '1',
    );
  });

  it('clean up what belonged to a Deployment, and whole namespaces', async () => {
    const { kubectl } = setup;
    await kubectl.run('delete deployment web');
    await eventually(
      'nothing is left of it',
      async () => (await kubectl.run('get replicasets,pods -l app=web -o name')) === '',
    );
    await kubectl.run('create namespace passing');
    await kubectl.run('create configmap inside -n passing');
    await kubectl.run('delete namespace passing --timeout=30s');
  });

  it('find nothing to complain of', async () => {
    await eventually('both run', () => children.every((child) => child.running));
    const complaints = COMPONENTS.flatMap((name) =>
      readFileSync(join(folder, `${name}.log`), 'utf8')
        .split('\n')
        .filter((line) => COMPLAINT.test(line))
        .filter((line) => !HARMLESS.some((pattern) => pattern.test(line))),
    );
    expect(complaints).toEqual([]);
  });
});
