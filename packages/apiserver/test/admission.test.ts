import { systemClock } from '@sampan/base';
import { createCertificateRequest, generateKeys } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Server, startServer } from './harness.ts';

let server: Server;
beforeAll(async () => {
  server = await startServer(systemClock);
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'a' } });
  await server.ask('POST', '/api/v1/namespaces/a/serviceaccounts', { metadata: { name: 'default' } });
});
afterAll(() => server.close());

const PODS = '/api/v1/namespaces/a/pods';
const ask = (method: string, path: string, body?: object) => server.ask(method, path, body);
const spec = (more: object = {}) => ({ containers: [{ name: 'c', image: 'a:1' }], ...more });
const tryPod = (more: object = {}, metadata: object = {}): Promise<Answer> =>
  ask('POST', `${PODS}?dryRun=All`, { metadata: { name: 'p', ...metadata }, spec: spec(more) });
const as = (user: string, ...groups: string[]) => ({
  'impersonate-user': user,
  ...(groups[0] ? { 'impersonate-group': groups[0] } : {}),
});

describe('NamespaceLifecycle', () => {
  it('makes nothing where there is no namespace', async () => {
    const answer = await ask('POST', '/api/v1/namespaces/none/configmaps', { metadata: { name: 'x' } });
    expect(answer.body).toMatchObject({
      code: 404,
      message: 'namespaces "none" not found',
      reason: 'NotFound',
    });
  });

  it('makes nothing in a namespace that ends', async () => {
    await ask('POST', '/api/v1/namespaces', { metadata: { name: 'ending' } });
    await ask('DELETE', '/api/v1/namespaces/ending');
    const { body } = await ask('POST', '/api/v1/namespaces/ending/configmaps', { metadata: { name: 'x' } });
    expect(body).toMatchObject({
      code: 403,
      message:
        'configmaps "x" is forbidden: unable to create new content in namespace ending because it is being terminated',
      details: {
        causes: [
          {
            reason: 'NamespaceTerminating',
            message: 'namespace ending is being terminated',
            field: 'metadata.namespace',
          },
        ],
      },
    });
  });

  it.each(['default', 'kube-system', 'kube-public'])('keeps %s', async (name) => {
    const { body } = await ask('DELETE', `/api/v1/namespaces/${name}`);
    expect(body.message).toBe(`namespaces "${name}" is forbidden: this namespace may not be deleted`);
  });
});

describe('ServiceAccount', () => {
  it('mounts a token where the pod did not', async () => {
    const { body } = await tryPod();
    const [volume] = body.spec.volumes;
    expect(volume.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/);
    expect(volume.projected.defaultMode).toBe(420);
    expect(body.spec.containers[0].volumeMounts).toEqual([
      { mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', name: volume.name, readOnly: true },
    ]);
    expect(body.spec).toMatchObject({ serviceAccount: 'default', serviceAccountName: 'default' });
  });

  it('leaves pods alone that want no token or mirror a node', async () => {
    expect((await tryPod({ automountServiceAccountToken: false })).body.spec.volumes).toBeUndefined();
    const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } };
    const { body } = await tryPod({ nodeName: 'n' }, mirror);
    expect(body.spec.serviceAccountName).toBeUndefined();
    expect((await tryPod({ nodeName: 'n', serviceAccountName: 'default' }, mirror)).body.message).toBe(
      'pods "p" is forbidden: a mirror pod may not reference service accounts',
    );
  });

  it('refuses an account that is not there', async () => {
    expect((await tryPod({ serviceAccountName: 'robot' })).body.message).toBe(
      'pods "p" is forbidden: error looking up service account a/robot: serviceaccount "robot" not found',
    );
  });

  it('waits a moment for the default account of a new namespace', async () => {
    await ask('POST', '/api/v1/namespaces', { metadata: { name: 'fresh' } });
    const pod = ask('POST', '/api/v1/namespaces/fresh/pods', { metadata: { name: 'p' }, spec: spec() });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await ask('POST', '/api/v1/namespaces/fresh/serviceaccounts', {
      metadata: { name: 'default' },
      imagePullSecrets: [{ name: 'pull' }],
    });
    expect((await pod).body.spec.imagePullSecrets).toEqual([{ name: 'pull' }]);
  });
});

describe('Priority', () => {
  const CLASSES = '/apis/scheduling.k8s.io/v1/priorityclasses';
  it('comes from the class', async () => {
    await ask('POST', CLASSES, { metadata: { name: 'high' }, value: 1000, preemptionPolicy: 'Never' });
    const { body } = await tryPod({ priorityClassName: 'high' });
    expect(body.spec).toMatchObject({ priority: 1000, preemptionPolicy: 'Never' });
    expect((await tryPod()).body.spec).toMatchObject({
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
    });
    expect((await tryPod({ priorityClassName: 'none' })).body.message).toBe(
      'pods "p" is forbidden: no PriorityClass with name none was found',
    );
    expect((await tryPod({ priorityClassName: 'high', priority: 7 })).body.message).toBe(
      'pods "p" is forbidden: the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 1000 from the given PriorityClass name',
    );
  });

  it('has one default class', async () => {
    await ask('POST', CLASSES, { metadata: { name: 'base' }, value: 5, globalDefault: true });
    expect((await tryPod()).body.spec).toMatchObject({ priority: 5, priorityClassName: 'base' });
    const second = await ask('POST', CLASSES, { metadata: { name: 'other' }, value: 6, globalDefault: true });
    expect(second.body.message).toBe(
      'priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass base is already marked as default. Only one default can exist',
    );
    await ask('DELETE', `${CLASSES}/base`);
  });
});

describe('defaults of classes', () => {
  it('go to claims and Ingresses without one, the newest first', async () => {
    const mark = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    const make = (name: string) =>
      ask('POST', '/apis/storage.k8s.io/v1/storageclasses', {
        metadata: { name, annotations: mark },
        provisioner: 'x.example.com',
      });
    await make('b');
    await make('a');
    const CLAIMS = '/api/v1/namespaces/a/persistentvolumeclaims?dryRun=All';
    const claim = (more: object) => ({
      metadata: { name: 'c' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...more },
    });
    const made = await ask('POST', CLAIMS, claim({}));
    expect(['a', 'b']).toContain(made.body.spec.storageClassName);
    expect(made.body.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
    expect((await ask('POST', CLAIMS, claim({ storageClassName: '' }))).body.spec.storageClassName).toBe('');
  });
});

describe('RuntimeClass', () => {
  it('adds its overhead and its nodes', async () => {
    await ask('POST', '/apis/node.k8s.io/v1/runtimeclasses', {
      metadata: { name: 'gvisor' },
      handler: 'runsc',
      overhead: { podFixed: { cpu: '50m' } },
      scheduling: { nodeSelector: { sandbox: 'yes' } },
    });
    const { body } = await tryPod({ runtimeClassName: 'gvisor' });
    expect(body.spec).toMatchObject({ overhead: { cpu: '50m' }, nodeSelector: { sandbox: 'yes' } });
    expect((await tryPod({ runtimeClassName: 'none' })).body.message).toBe(
      'pods "p" is forbidden: pod rejected: RuntimeClass "none" not found',
    );
    expect(
      (await tryPod({ runtimeClassName: 'gvisor', nodeSelector: { sandbox: 'no' } })).body.message,
    ).toContain(
      'conflict: runtimeClass.scheduling.nodeSelector[sandbox] = yes; pod.spec.nodeSelector[sandbox] = no',
    );
    expect((await tryPod({ overhead: { cpu: '1' } })).body.message).toContain(
      'Pod Overhead set without corresponding RuntimeClass defined Overhead',
    );
  });
});

describe('NodeRestriction', () => {
  const node = as('system:node:n1', 'system:nodes');
  it('keeps a node to itself', async () => {
    const make = (name: string, more: object = {}) =>
      server.ask('POST', '/api/v1/nodes', { metadata: { name, ...more } }, node);
    expect((await make('n2')).body.message).toBe(
      'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"',
    );
    const labels = { 'node-restriction.kubernetes.io/x': 'y', 'kubernetes.io/os': 'linux' };
    expect((await make('n1', { labels })).body.message).toBe(
      'nodes "n1" is forbidden: node "n1" is not allowed to set the following labels: node-restriction.kubernetes.io/x',
    );
    const made = await make('n1', { labels: { 'kubernetes.io/os': 'linux', own: 'x' } });
    expect(made.status).toBe(201);
    expect(made.body.spec.taints).toEqual([{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
    const untaint = await server.ask('PATCH', '/api/v1/nodes/n1', { spec: { taints: null } }, node);
    expect(untaint.body.message).toBe('nodes "n1" is forbidden: node "n1" is not allowed to modify taints');
  });

  it('lets a node make mirror pods only', async () => {
    const plain = await server.ask(
      'POST',
      PODS,
      { metadata: { name: 'm' }, spec: spec({ nodeName: 'n1' }) },
      node,
    );
    expect(plain.body.message).toContain('node "n1" can only create mirror pods');
  });
});

describe('certificate requests', () => {
  const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const body = (organizations: string[], more: object = {}) => ({
    metadata: { name: 'x' },
    spec: {
      request: Buffer.from(
        createCertificateRequest(generateKeys().privateKey, { commonName: 'jane', organizations }),
      ).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
      ...more,
    },
  });

  it('tell who made them, whatever they say', async () => {
    const answer = await ask(
      'POST',
      `${REQUESTS}?dryRun=All`,
      body(['devs'], { username: 'other', groups: ['x'] }),
    );
    expect(answer.body.spec).toMatchObject({
      username: 'admin',
      groups: ['system:masters', 'system:authenticated'],
    });
  });

  it('are not for system:masters', async () => {
    expect((await ask('POST', REQUESTS, body(['system:masters']))).body.message).toBe(
      'certificatesigningrequests.certificates.k8s.io "x" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
    );
  });

  it('are approved and signed by those who may for the signer', async () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    await ask('POST', `${rbac}/clusterroles`, {
      metadata: { name: 'csrs' },
      rules: [
        {
          apiGroups: ['certificates.k8s.io'],
          resources: ['certificatesigningrequests/approval', 'certificatesigningrequests/status'],
          verbs: ['update'],
        },
      ],
    });
    await ask('POST', `${rbac}/clusterrolebindings`, {
      metadata: { name: 'csrs' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'csrs' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'ann' }],
    });
    const { body: csr } = await ask('POST', REQUESTS, body(['devs']));
    const condition = { type: 'Approved', status: 'True', reason: 'R', message: 'm' };
    const approved = { ...csr, status: { conditions: [condition] } };
    const refused = await server.ask('PUT', `${REQUESTS}/x/approval`, approved, as('ann'));
    expect(refused.body.message).toContain(
      'user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"',
    );
    const failed = { ...csr, status: { conditions: [{ ...condition, type: 'Failed' }] } };
    const unsigned = await server.ask('PUT', `${REQUESTS}/x/status`, failed, as('ann'));
    expect(unsigned.body.message).toContain('user not permitted to sign requests');
    const done = await ask('PUT', `${REQUESTS}/x/approval`, approved);
    expect(done.body.status.conditions).toMatchObject([condition]);
  });
});

describe('nobody hands out more than they hold', () => {
  it('in roles', async () => {
    await ask('POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/a/roles', {
      metadata: { name: 'roles' },
      rules: [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['create'] }],
    });
    await ask('POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/a/rolebindings', {
      metadata: { name: 'roles' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'roles' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
    });
    const role = {
      metadata: { name: 'more' },
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
    };
    const path = '/apis/rbac.authorization.k8s.io/v1/namespaces/a/roles';
    const answer = await server.ask('POST', path, role, as('jane'));
    expect(answer.status).toBe(403);
    expect(answer.body.message).toContain('is attempting to grant RBAC permissions not currently held');
  });
});

describe('Services', () => {
  it('give back their addresses when they are deleted or refused', async () => {
    const SERVICES = '/api/v1/namespaces/a/services';
    const service = (name: string, more: object = {}) =>
      ask('POST', SERVICES, { metadata: { name }, spec: { ports: [{ port: 80 }], ...more } });
    const { body } = await service('one');
    const { clusterIP } = body.spec;
    expect((await service('two', { clusterIP })).status).toBe(422);
    await ask('DELETE', `${SERVICES}/one`);
    expect((await service('two', { clusterIP })).status).toBe(201);
    expect((await service('two', { clusterIP: '10.96.7.7' })).status).toBe(409);
    expect((await service('three', { clusterIP: '10.96.7.7' })).status).toBe(201);
  });
});
