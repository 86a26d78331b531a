import { beforeEach, describe, expect, it } from 'vitest';
import type { Attributes, UserInfo } from '../contract.ts';
import { TestReader } from '../test-reader.ts';
import { NodeAuthorizer } from './node-authorizer.ts';
import { NodeGraph } from './node-graph.ts';

let reader: TestReader;
let nodes: NodeAuthorizer;
const node = (name: string): UserInfo => ({
  name: `system:node:${name}`,
  groups: ['system:nodes', 'system:authenticated'],
});

function ask(
  user: UserInfo,
  verb: string,
  what: string,
  namespace = '',
  name = '',
  more: Partial<Attributes> = {},
): Attributes {
  const [resource = '', subresource = ''] = what.split('/');
  return {
    user,
    verb,
    isResource: true,
    group: '',
    version: 'v1',
    resource,
    subresource,
    namespace,
    name,
    path: '',
    ...more,
  };
}
const may = (
  verb: string,
  what: string,
  namespace = '',
  name = '',
  more: Partial<Attributes> = {},
  by = 'n1',
) => nodes.authorize(ask(node(by), verb, what, namespace, name, more));
const NO_RELATION = "no relationship found between node 'n1' and this object";

beforeEach(() => {
  reader = new TestReader();
  nodes = new NodeAuthorizer(new NodeGraph(reader));
  reader.put('pods', {
    metadata: { namespace: 'ns', name: 'p', uid: '1' },
    spec: {
      nodeName: 'n1',
      serviceAccountName: 'bot',
      imagePullSecrets: [{ name: 'pull' }],
      initContainers: [{ envFrom: [{ configMapRef: { name: 'from' } }] }],
      containers: [{ env: [{ name: 'a', valueFrom: { secretKeyRef: { name: 'key', key: 'k' } } }] }],
      volumes: [
        { name: 'a', secret: { secretName: 'vol' } },
        { name: 'b', projected: { sources: [{ configMap: { name: 'projected' } }] } },
        { name: 'c', persistentVolumeClaim: { claimName: 'claim' } },
        { name: 'd', ephemeral: {} },
        { name: 'e', csi: { driver: 'x', nodePublishSecretRef: { name: 'csi' } } },
      ],
    },
  });
  reader.put('persistentvolumes', {
    metadata: { name: 'pv' },
    spec: {
      claimRef: { namespace: 'ns', name: 'claim' },
      csi: {
        nodeStageSecretRef: { namespace: 'other', name: 'stage' },
        controllerPublishSecretRef: { namespace: 'other', name: 'controller' },
      },
    },
  });
  reader.put('volumeattachments.storage.k8s.io', { metadata: { name: 'va' }, spec: { nodeName: 'n1' } });
});

describe('the node authorizer', () => {
  it('lets a node read what its pods refer to, and nothing else', () => {
    for (const name of ['pull', 'key', 'vol', 'csi'])
      expect(may('get', 'secrets', 'ns', name)).toEqual({ allowed: true, reason: '' });
    for (const name of ['from', 'projected'])
      expect(may('watch', 'configmaps', 'ns', name).allowed).toBe(true);
    for (const name of ['claim', 'p-d'])
      expect(may('get', 'persistentvolumeclaims', 'ns', name).allowed).toBe(true);
    expect(may('get', 'persistentvolumes', '', 'pv').allowed).toBe(true);
    expect(may('get', 'secrets', 'other', 'stage').allowed).toBe(true);
    expect(may('get', 'volumeattachments', '', 'va', { group: 'storage.k8s.io' }).allowed).toBe(true);
    expect(may('create', 'serviceaccounts/token', 'ns', 'bot').allowed).toBe(true);
    expect(may('get', 'secrets', 'other', 'controller').reason).toBe(NO_RELATION);
    expect(may('get', 'secrets', 'other', 'pull').reason).toBe(NO_RELATION);
    expect(may('get', 'secrets', 'ns', 'none').reason).toBe(NO_RELATION);
    expect(may('get', 'secrets', 'ns', 'pull', {}, 'n2').allowed).toBe(false);
    expect(may('create', 'serviceaccounts/token', 'ns', 'default').reason).toBe(NO_RELATION);
  });

  it('says what is wrong with other requests', () => {
    expect(may('delete', 'secrets', 'ns', 'pull').reason).toBe('can only read resources of this type');
    expect(may('list', 'secrets', 'ns').reason).toBe('No Object name found');
    expect(may('list', 'secrets').reason).toBe('can only read namespaced object of this type');
    expect(may('list', 'persistentvolumes').reason).toBe('can only get individual resources of this type');
    expect(may('get', 'leases', 'default', 'n1', { group: 'coordination.k8s.io' }).reason).toBe(
      'can only access leases in the "kube-node-lease" system namespace',
    );
    expect(may('get', 'leases', 'kube-node-lease', 'n2', { group: 'coordination.k8s.io' }).reason).toBe(
      'can only access node lease with the same name as the requesting node',
    );
    expect(may('update', 'leases', 'kube-node-lease', 'n1', { group: 'coordination.k8s.io' }).allowed).toBe(
      true,
    );
    expect(may('get', 'csinodes', '', 'n2', { group: 'storage.k8s.io' }).reason).toBe(
      'can only access CSINode with the same name as the requesting node',
    );
    expect(may('list', 'nodes').reason).toBe("node 'n1' cannot read all nodes, only its own Node object");
    expect(may('get', 'nodes', '', 'n2').reason).toBe("node 'n1' cannot read 'n2', only its own Node object");
    expect(may('get', 'nodes', '', 'n1').allowed).toBe(true);
    expect(may('patch', 'nodes/status', '', 'n1').allowed).toBe(true);
    expect(
      nodes.authorize(ask({ name: 'system:node:', groups: ['system:nodes'] }, 'get', 'pods')).reason,
    ).toBe('unknown node for user "system:node:"');
  });

  it('lets it list the pods of the node only', () => {
    expect(may('list', 'pods').reason).toBe('can only list/watch pods with spec.nodeName field selector');
    expect(may('list', 'pods', '', '', { fieldSelector: 'spec.nodeName=n1' }).allowed).toBe(true);
    expect(may('watch', 'pods', '', '', { fieldSelector: 'a=b,spec.nodeName==n1' }).allowed).toBe(true);
    expect(may('list', 'pods', '', '', { fieldSelector: 'spec.nodeName!=n1' }).allowed).toBe(false);
    expect(may('list', 'pods', '', '', { fieldSelector: 'spec.nodeName=n2' }).allowed).toBe(false);
    expect(may('get', 'pods', 'ns', 'p').allowed).toBe(true);
    expect(may('get', 'pods', 'ns', 'q').allowed).toBe(false);
  });

  it('goes by fixed rules for the rest and has no opinion of others', () => {
    expect(may('list', 'services').allowed).toBe(true);
    expect(may('create', 'tokenreviews', '', '', { group: 'authentication.k8s.io' }).allowed).toBe(true);
    expect(may('delete', 'services', 'ns', 'x')).toEqual({ allowed: false, reason: '' });
    expect(nodes.authorize(ask({ name: 'system:node:n1', groups: [] }, 'list', 'services')).allowed).toBe(
      false,
    );
    expect(nodes.rulesFor(node('n1')).incomplete).toBe(true);
  });

  it('forgets what is gone, and keeps what another pod still needs', () => {
    reader.put('pods', {
      metadata: { namespace: 'ns', name: 'q', uid: '2' },
      spec: { nodeName: 'n1', imagePullSecrets: [{ name: 'pull' }] },
    });
    reader.remove('pods', 'ns', 'p');
    expect(may('get', 'secrets', 'ns', 'pull').allowed).toBe(true);
    expect(may('get', 'secrets', 'ns', 'vol').allowed).toBe(false);
    expect(may('get', 'persistentvolumes', '', 'pv').allowed).toBe(false);
    reader.remove('pods', 'ns', 'q');
    expect(may('get', 'secrets', 'ns', 'pull').allowed).toBe(false);
    reader.put('volumeattachments.storage.k8s.io', { metadata: { name: 'va' }, spec: { nodeName: 'n2' } });
    expect(may('get', 'volumeattachments', '', 'va', { group: 'storage.k8s.io' }).allowed).toBe(false);
  });

  it('gives nothing for mirror pods and for pods without a node', () => {
    reader.put('pods', {
      metadata: { namespace: 'ns', name: 'm', uid: '3', annotations: { 'kubernetes.io/config.mirror': 'x' } },
      spec: { nodeName: 'n2', volumes: [{ name: 'a', secret: { secretName: 'mine' } }] },
    });
    reader.put('pods', {
      metadata: { namespace: 'ns', name: 'w', uid: '4' },
      spec: { volumes: [{ name: 'a', secret: { secretName: 'mine' } }] },
    });
    expect(may('get', 'secrets', 'ns', 'mine', {}, 'n2').allowed).toBe(false);
    reader.put('pods', {
      metadata: { namespace: 'ns', name: 'w', uid: '4' },
      spec: { nodeName: 'n2', volumes: [{ name: 'a', secret: { secretName: 'mine' } }] },
    });
    expect(may('get', 'secrets', 'ns', 'mine', {}, 'n2').allowed).toBe(true);
  });
});
