import { expect, test } from 'vitest';
import { leaseRules } from '../coordination/lease.ts';
import { createMessages, updateMessages } from '../core/testing.ts';
import type { KindRules } from '../kinds/resource.ts';
import { runtimeClassRules } from '../node/runtimeclass.ts';
import { clusterRoleBindingRules, clusterRoleRules, roleRules } from '../rbac/rules.ts';
import { priorityClassRules } from '../scheduling/priorityclass.ts';
import { csiDriverRules } from './csidriver.ts';
import { csiNodeRules } from './csinode.ts';
import { storageClassRules } from './storageclass.ts';
import { volumeAttachmentRules } from './volumeattachment.ts';
import { volumeAttributesClassRules } from './volumeattributesclass.ts';

const attachment = (source: Record<string, unknown>): Record<string, unknown> => ({
  spec: { attacher: 'example.com', nodeName: 'n', source },
});

test.each<[string, KindRules, Record<string, unknown>, string[]]>([
  ['a storage class has a provisioner', storageClassRules, {}, ['provisioner: Required value']],
  [
    'a storage class does not recycle',
    storageClassRules,
    { provisioner: 'p', reclaimPolicy: 'Recycle' },
    ['reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"'],
  ],
  [
    'topologies differ',
    storageClassRules,
    {
      provisioner: 'p',
      allowedTopologies: [
        { matchLabelExpressions: [{ key: 'zone', values: ['a', 'b'] }] },
        { matchLabelExpressions: [{ key: 'zone', values: ['b', 'a'] }] },
      ],
    },
    ['allowedTopologies[1].matchLabelExpressions: Duplicate value: ""'],
  ],
  [
    'attributes are some',
    volumeAttributesClassRules,
    { driverName: 'd' },
    ['parameters: Required value: must contain at least one key/value pair'],
  ],
  [
    'an attachment has one source',
    volumeAttachmentRules,
    attachment({}),
    ['spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName'],
  ],
  [
    'a token lives ten minutes',
    csiDriverRules,
    { spec: { tokenRequests: [{ audience: 'a', expirationSeconds: 1 }] } },
    [
      'spec.tokenRequests[0].expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes',
    ],
  ],
  [
    'a node has a driver once',
    csiNodeRules,
    {
      spec: {
        drivers: [
          { name: 'd', nodeID: 'n' },
          { name: 'd', nodeID: 'n' },
        ],
      },
    },
    ['spec.drivers[1].name: Duplicate value: "d"'],
  ],
  [
    'system priorities are reserved',
    priorityClassRules,
    { metadata: { name: 'system-mine' }, value: 1 },
    [
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class",
    ],
  ],
  [
    'users have the lower priorities',
    priorityClassRules,
    { value: 1_000_000_001 },
    ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
  ],
  [
    'a lease lasts',
    leaseRules,
    { spec: { leaseDurationSeconds: 0 } },
    ['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'],
  ],
  [
    'a toleration without a key tolerates all',
    runtimeClassRules,
    { handler: 'runc', scheduling: { tolerations: [{ operator: 'Equal' }] } },
    [
      'scheduling.tolerations.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    ],
  ],
  [
    'a rule says what may be done, and with what',
    roleRules,
    { rules: [{}] },
    [
      'rules[0].verbs: Required value: verbs must contain at least one value',
      'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
      'rules[0].resources: Required value: resource rules must supply at least one resource',
    ],
  ],
  [
    'paths are for cluster roles',
    roleRules,
    { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] },
    ['rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs'],
  ],
  [
    'aggregation selects something',
    clusterRoleRules,
    { aggregationRule: {} },
    [
      'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
    ],
  ],
  [
    'a cluster binding names the namespace of an account',
    clusterRoleBindingRules,
    { roleRef: { kind: 'ClusterRole', name: 'r' }, subjects: [{ kind: 'ServiceAccount', name: 'a' }] },
    ['subjects[0].namespace: Required value'],
  ],
])('%s', (_, rules, fields, expected) => {
  expect(createMessages(rules, fields)).toEqual(expected);
});

test('the role of a binding stays', () => {
  const binding = (name: string): Record<string, unknown> => ({ roleRef: { kind: 'ClusterRole', name } });
  expect(updateMessages(clusterRoleBindingRules, binding('a'), binding('b'))).toEqual([
    'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"b"}: cannot change roleRef',
  ]);
});

test('a storage class keeps what volumes were made by', () => {
  const from = { provisioner: 'p', parameters: { a: '1' } };
  expect(
    updateMessages(storageClassRules, from, { provisioner: 'q', volumeBindingMode: 'WaitForFirstConsumer' }),
  ).toEqual([
    'parameters: Forbidden: updates to parameters are forbidden.',
    'provisioner: Forbidden: updates to provisioner are forbidden.',
    'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
  ]);
});
