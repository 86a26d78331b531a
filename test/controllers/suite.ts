import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type KubeObject, type OwnerReference, StatusError } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import {
  type Client,
  controllerReference,
  createCertificateRequest,
  generateKeys,
  REFS,
  type ResourceRef,
} from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ControlledServer, eventually, startControlled } from './server.ts';

const run = promisify(execFile);
const NS = 'controllers';

const configMap = (name: string, owners: OwnerReference[] = [], more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: NS, ...(owners.length > 0 ? { ownerReferences: owners } : {}), ...more },
});
const ownerReference = (owner: KubeObject, block = false): OwnerReference => {
  const { controller: _, ...reference } = controllerReference({
    ...owner,
    apiVersion: 'v1',
    kind: 'ConfigMap',
  });
  return { ...reference, blockOwnerDeletion: block };
};

/** What Sampan's controllers do on any server; the same tests for each. */
export function controllerSuite(name: string, start: Parameters<typeof startControlled>[0]): void {
  describe(`the controllers on ${name}`, () => {
    let server: ControlledServer;
    let client: Client;
    beforeAll(async () => {
      server = await startControlled(start);
      client = server.client;
      await client.create(REFS.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NS } });
    });
    afterAll(async () => server?.stop());

    const exists = (ref: ResourceRef, object: string, namespace: string | undefined = NS) =>
      client.get(ref, namespace, object).then(
        (found) => found,
        (error: unknown) => {
          if (error instanceof StatusError && error.code === 404) return undefined;
          throw error;
        },
      );
    const isGone = (object: string, ref: ResourceRef = REFS.configMaps, namespace: string | undefined = NS) =>
      eventually(`${object} is gone`, async () => (await exists(ref, object, namespace)) === undefined);
    const create = (object: KubeObject) => client.create(REFS.configMaps, object);

    it('give every namespace a default ServiceAccount and the root CA, also when they are deleted', async () => {
      for (const namespace of ['default', 'kube-system', NS]) {
        await eventually('the account', () => exists(REFS.serviceAccounts, 'default', namespace));
        const ca = await eventually('the CA', () => exists(REFS.configMaps, 'kube-root-ca.crt', namespace));
        expect(ca.data).toEqual({ 'ca.crt': server.signer.certificatePem });
      }
      const old = await client.get(REFS.serviceAccounts, NS, 'default');
      await client.delete(REFS.serviceAccounts, NS, 'default');
      await eventually('a new account', async () => {
        const account = await exists(REFS.serviceAccounts, 'default');
        return account && account.metadata.uid !== old.metadata.uid;
      });
      await client.patch(REFS.configMaps, NS, 'kube-root-ca.crt', 'merge', {
        data: { 'ca.crt': 'x', more: 'y' },
      });
      await eventually('the CA is put right', async () => {
        const { data } = await client.get(REFS.configMaps, NS, 'kube-root-ca.crt');
        return data['ca.crt'] === server.signer.certificatePem && data.more === undefined;
      });
    });

    it('keep the Service kubernetes and its endpoints', async () => {
      const service = await eventually('the Service', () => exists(REFS.services, 'kubernetes', 'default'));
      expect(service.spec.clusterIP).toBe('10.96.0.1');
      if (server.ownService) return;
      const endpoints = await eventually('Endpoints', () => exists(REFS.endpoints, 'kubernetes', 'default'));
      expect(endpoints.subsets[0].addresses).toEqual([{ ip: '192.0.2.1' }]);
    });

    it('delete dependents of an owner that is gone, and theirs', async () => {
      const owner = await create(configMap('bg-owner'));
      const child = await create(configMap('bg-child', [ownerReference(owner)]));
      await create(configMap('bg-grandchild', [ownerReference(child)]));
      await create(configMap('bg-other'));
      await client.delete(REFS.configMaps, NS, 'bg-owner', { propagationPolicy: 'Background' });
      await isGone('bg-child');
      await isGone('bg-grandchild');
      expect(await exists(REFS.configMaps, 'bg-other')).toBeDefined();
    });

    it('delete what names an owner that never was, or one of another uid', async () => {
      const owner = await create(configMap('uid-owner'));
      const other = { ...ownerReference(owner), uid: '11111111-2222-3333-4444-555555555555' };
      await create(configMap('uid-child', [other]));
      await isGone('uid-child');
      await create(configMap('absent-child', [{ ...other, name: 'nobody' }]));
      await isGone('absent-child');
      expect(await exists(REFS.configMaps, 'uid-owner')).toBeDefined();
    });

    it('delete what names an owner in another namespace', async () => {
      const owner = await client.create<KubeObject>(REFS.configMaps, {
        ...configMap('elsewhere'),
        metadata: { name: 'elsewhere', namespace: 'default' },
      });
      await create(configMap('abroad', [ownerReference(owner)]));
      await isGone('abroad');
    });

    it('keep an object while one of its owners is there, and drop the reference to the other', async () => {
      const a = await create(configMap('two-a'));
      const b = await create(configMap('two-b'));
      await create(configMap('two-child', [ownerReference(a), ownerReference(b)]));
      await client.delete(REFS.configMaps, NS, 'two-a', { propagationPolicy: 'Background' });
      await eventually('one reference', async () => {
        const { metadata } = await client.get(REFS.configMaps, NS, 'two-child');
        return metadata.ownerReferences?.length === 1 && metadata.ownerReferences[0]?.uid === b.metadata.uid;
      });
    });

    it('leave cluster-scoped objects alone that name an owner in a namespace', async () => {
      const owner = await create(configMap('cluster-owner'));
      const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' };
      await client.create(REFS.clusterRoles, {
        ...role,
        metadata: { name: 'owned', ownerReferences: [ownerReference(owner)] },
      });
      await client.delete(REFS.configMaps, NS, 'cluster-owner');
      await isGone('cluster-owner');
      const witness = await create(
        configMap('witness', [ownerReference({ ...owner, metadata: { ...owner.metadata } })]),
      );
      await isGone(witness.metadata.name ?? '');
      expect(await exists(REFS.clusterRoles, 'owned', undefined)).toBeDefined();
    });

    it('free the dependents of an orphaning owner', async () => {
      const owner = await create(configMap('or-owner'));
      await create(configMap('or-child', [ownerReference(owner)]));
      await client.delete(REFS.configMaps, NS, 'or-owner', { propagationPolicy: 'Orphan' });
      await isGone('or-owner');
      const child = await client.get(REFS.configMaps, NS, 'or-child');
      expect(child.metadata.ownerReferences).toBeUndefined();
    });

    it('delete blocking dependents before a foreground owner', async () => {
      const owner = await create(configMap('fg-owner'));
      await create(configMap('fg-blocks', [ownerReference(owner, true)], { finalizers: ['sampan.io/test'] }));
      await create(configMap('fg-child', [ownerReference(owner, false)]));
      await client.delete(REFS.configMaps, NS, 'fg-owner', { propagationPolicy: 'Foreground' });
      await isGone('fg-child');
      await eventually('the blocking one is marked', async () => {
        const { metadata } = await client.get(REFS.configMaps, NS, 'fg-blocks');
        return metadata.deletionTimestamp !== undefined;
      });
      const waiting = await client.get(REFS.configMaps, NS, 'fg-owner');
      expect(waiting.metadata.finalizers).toEqual(['foregroundDeletion']);
      await client.patch(REFS.configMaps, NS, 'fg-blocks', 'merge', { metadata: { finalizers: null } });
      await isGone('fg-blocks');
      await isGone('fg-owner');
    });

    it('end a circle of foreground deletions', async () => {
      const a = await create(configMap('circle-a'));
      const b = await create(configMap('circle-b', [ownerReference(a, true)]));
      await client.patch(REFS.configMaps, NS, 'circle-a', 'merge', {
        metadata: { ownerReferences: [ownerReference(b, true)] },
      });
      await client.delete(REFS.configMaps, NS, 'circle-a', { propagationPolicy: 'Foreground' });
      await isGone('circle-a');
      await isGone('circle-b');
    });

    it('collect custom resources as their kinds come and go', async () => {
      const group = 'gc.sampan.io';
      const ref = { group, version: 'v1', resource: 'boats', kind: 'Boat', namespaced: true };
      await client.create(REFS.customResourceDefinitions, definitionOf(group));
      const boat = await eventually('a boat', () =>
        client.create<KubeObject>(ref, {
          apiVersion: `${group}/v1`,
          kind: 'Boat',
          metadata: { name: 'boat', namespace: NS },
        }),
      );
      await create(configMap('boat-child', [controllerReference(boat)]));
      const small = { apiVersion: `${group}/v1`, kind: 'Boat', metadata: { name: 'dinghy', namespace: NS } };
      const metadata = { ...small.metadata, ownerReferences: [controllerReference(boat)] };
      await client.create(ref, { ...small, metadata });
      await client.delete(ref, NS, 'boat');
      await isGone('boat-child');
      await isGone('dinghy', ref);
      await client.delete(REFS.customResourceDefinitions, undefined, `boats.${group}`);
      await isGone(`boats.${group}`, REFS.customResourceDefinitions, undefined);
    });

    it('empty a namespace that is deleted, and say what holds it up', async () => {
      const namespace = 'going';
      await client.create(REFS.namespaces, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace },
      });
      const place = { metadata: { name: 'held', namespace, finalizers: ['sampan.io/test'] } };
      await client.create(REFS.configMaps, { ...configMap('held'), ...place });
      await client.create(REFS.configMaps, { ...configMap('free'), metadata: { name: 'free', namespace } });
      await client.delete(REFS.namespaces, undefined, namespace);
      const held = await eventually('conditions', async () => {
        const { status } = await client.get(REFS.namespaces, undefined, namespace);
        return status?.conditions?.length === 5 && status;
      });
      expect(held.phase).toBe('Terminating');
      const text = (type: string) =>
        held.conditions.find((condition: { type: string }) => condition.type === type)?.message;
      expect(text('NamespaceContentRemaining')).toBe(
        'Some resources are remaining: configmaps. has 1 resource instances',
      );
      expect(text('NamespaceFinalizersRemaining')).toBe(
        'Some content in the namespace has finalizers remaining: sampan.io/test in 1 resource instances',
      );
      expect(text('NamespaceDeletionContentFailure')).toBe(
        'All content successfully deleted, may be waiting on finalization',
      );
      await client.patch(REFS.configMaps, namespace, 'held', 'merge', { metadata: { finalizers: null } });
      await isGone(namespace, REFS.namespaces, undefined);
    });

    it('aggregate ClusterRoles', async () => {
      const kind = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' };
      const rule = (resource: string) => ({ apiGroups: [''], resources: [resource], verbs: ['get'] });
      const part = (role: string, resource: string) =>
        client.create<KubeObject>(REFS.clusterRoles, {
          ...kind,
          metadata: { name: role, labels: { 'sampan.io/part': 'yes' } },
          rules: [rule(resource)],
        });
      await client.create<KubeObject>(REFS.clusterRoles, {
        ...kind,
        metadata: { name: 'whole' },
        aggregationRule: { clusterRoleSelectors: [{ matchLabels: { 'sampan.io/part': 'yes' } }] },
        rules: [],
      });
      await part('part-b', 'pods');
      await part('part-a', 'nodes');
      await eventually('both rules', async () => {
        const { rules } = await client.get(REFS.clusterRoles, undefined, 'whole');
        return deepEqual(rules, [rule('nodes'), rule('pods')]);
      });
      await client.delete(REFS.clusterRoles, undefined, 'part-a');
      await eventually('one rule', async () => {
        const { rules } = await client.get(REFS.clusterRoles, undefined, 'whole');
        return rules?.length === 1;
      });
    });

    it('sign what is approved, approve what nodes may have, and fail what cannot be signed', async () => {
      const ref = REFS.certificateSigningRequests;
      const subject = { commonName: 'jane', organizations: ['dev'] };
      const request = (object: string, usages: string[]) => ({
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        metadata: { name: object },
        spec: {
          request: Buffer.from(createCertificateRequest(generateKeys().privateKey, subject)).toString(
            'base64',
          ),
          signerName: 'kubernetes.io/kube-apiserver-client',
          usages,
        },
      });
      const approve = async (object: string) => {
        const csr = await client.get(ref, undefined, object);
        const condition = { type: 'Approved', status: 'True', reason: 'Test', message: 'approved' };
        await client.update(
          ref,
          { ...csr, status: { conditions: [condition] } },
          { subresource: 'approval' },
        );
      };
      await client.create<KubeObject>(ref, request('jane', ['client auth']));
      await approve('jane');
      const signed = await eventually('a certificate', async () => {
        const { status } = await client.get(ref, undefined, 'jane');
        return status?.certificate as string | undefined;
      });
      expect(Buffer.from(signed, 'base64').toString()).toContain('BEGIN CERTIFICATE');
      const node = request('node', ['digital signature', 'key encipherment', 'client auth']);
      const nodeSubject = { commonName: 'system:node:n1', organizations: ['system:nodes'] };
      const pem = createCertificateRequest(generateKeys().privateKey, nodeSubject);
      node.spec.request = Buffer.from(pem).toString('base64');
      node.spec.signerName = 'kubernetes.io/kube-apiserver-client-kubelet';
      await client.create<KubeObject>(ref, node);
      const approved = await eventually('the certificate of a node', async () => {
        const { status } = await client.get(ref, undefined, 'node');
        return status?.certificate && status;
      });
      expect(approved.conditions[0]).toMatchObject({
        type: 'Approved',
        reason: 'AutoApproved',
        message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
      });
      await client.create<KubeObject>(ref, request('wrong', ['server auth']));
      await approve('wrong');
      const failed = await eventually('a failure', async () => {
        const { status } = await client.get(ref, undefined, 'wrong');
        return status?.conditions?.find((condition: { type: string }) => condition.type === 'Failed');
      });
      expect(failed.reason).toBe('SignerValidationFailure');
    });

    it('delete bootstrap tokens that are over, and keep others', async () => {
      const token = (id: string, expiration: string): KubeObject => ({
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'bootstrap.kubernetes.io/token',
        metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
        stringData: { 'token-id': id, 'token-secret': '0123456789abcdef', expiration },
      });
      const soon = new Date(Date.now() + 1500).toISOString();
      await client.create(REFS.secrets, token('aaaaaa', '2020-01-01T00:00:00Z'));
      await client.create(REFS.secrets, token('bbbbbb', soon));
      await client.create(REFS.secrets, token('cccccc', '2120-01-01T00:00:00Z'));
      await isGone('bootstrap-token-aaaaaa', REFS.secrets, 'kube-system');
      await isGone('bootstrap-token-bbbbbb', REFS.secrets, 'kube-system');
      expect(await exists(REFS.secrets, 'bootstrap-token-cccccc', 'kube-system')).toBeDefined();
    });

    it('fill token Secrets and delete them with their account', async () => {
      const account = {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'robot', namespace: NS },
      };
      await client.create(REFS.serviceAccounts, account);
      await client.create<KubeObject>(REFS.secrets, {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/service-account-token',
        metadata: {
          name: 'robot-token',
          namespace: NS,
          annotations: { 'kubernetes.io/service-account.name': 'robot' },
        },
      });
      const data = await eventually('a token', async () => {
        const secret = await client.get(REFS.secrets, NS, 'robot-token');
        return secret.data?.token && secret.data;
      });
      expect(Buffer.from(data.token, 'base64').toString()).toBe('token-of-robot');
      await client.delete(REFS.serviceAccounts, NS, 'robot');
      await isGone('robot-token', REFS.secrets);
    });

    it('let deleted claims and volumes go once nothing uses them', async () => {
      const claims = { ...REFS.pods, resource: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim' };
      const volumes = { ...REFS.namespaces, resource: 'persistentvolumes', kind: 'PersistentVolume' };
      const storage = { accessModes: ['ReadWriteOnce'], storageClassName: '' };
      await client.create<KubeObject>(claims, {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'disk', namespace: NS },
        spec: { ...storage, resources: { requests: { storage: '1Gi' } } },
      });
      await client.create<KubeObject>(REFS.pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'user', namespace: NS },
        spec: {
          nodeName: 'n',
          automountServiceAccountToken: false,
          containers: [{ name: 'c', image: 'a:1' }],
          volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'disk' } }],
        },
      });
      await client.delete(claims, NS, 'disk');
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect((await exists(claims, 'disk'))?.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
      await client.delete(REFS.pods, NS, 'user', { gracePeriodSeconds: 0 });
      await isGone('disk', claims);
      await client.create<KubeObject>(volumes, {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'volume' },
        spec: { ...storage, capacity: { storage: '1Gi' }, hostPath: { path: '/tmp' } },
      });
      await client.delete(volumes, undefined, 'volume');
      await isGone('volume', volumes, undefined);
    });

    it('let kubectl delete with each cascade', async () => {
      const kubectl = (...args: string[]) =>
        run('kubectl', ['--kubeconfig', server.kubeconfig, '-n', NS, ...args], { timeout: 30_000 });
      for (const cascade of ['background', 'foreground', 'orphan']) {
        const owner = await create(configMap(`k-${cascade}`));
        await create(configMap(`k-${cascade}-child`, [ownerReference(owner, true)]));
        await kubectl('delete', 'configmap', `k-${cascade}`, `--cascade=${cascade}`);
        await isGone(`k-${cascade}`);
        if (cascade !== 'orphan') await isGone(`k-${cascade}-child`);
        else expect(await exists(REFS.configMaps, 'k-orphan-child')).toBeDefined();
      }
    });

    it('write nothing when there is nothing to do', async () => {
      const before = (await client.list(REFS.namespaces)).metadata.resourceVersion;
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect((await client.list(REFS.namespaces)).metadata.resourceVersion).toBe(before);
    });
  });
}

function definitionOf(group: string): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `boats.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'boats', singular: 'boat', kind: 'Boat', listKind: 'BoatList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  };
}
