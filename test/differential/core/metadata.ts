/** The rules of ObjectMeta, asked of ConfigMaps and, where they differ, of cluster-scoped kinds. */

import { namespace, post, variants } from '../build.ts';
import { changed } from '../change.ts';
import type { Scenario } from '../step.ts';

const ALL = '/api/v1/namespaces/trial-metadata/configmaps';
const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } };
const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' };
const labels = (map: Record<string, unknown>) => ({ 'metadata/labels': map });

export const METADATA: Scenario = {
  name: 'metadata',
  steps: [
    namespace('trial-metadata'),
    ...variants(ALL, object, {
      'name of 253 characters': { 'metadata/name': 'a'.repeat(253) },
      'name of 254 characters': { 'metadata/name': 'a'.repeat(254) },
      'name with a dot first': { 'metadata/name': '.a' },
      'name with two dots': { 'metadata/name': 'a..b' },
      'name that ends with a dash': { 'metadata/name': 'a-' },
      'name with a slash': { 'metadata/name': 'a/b' },
      'name with a percent': { 'metadata/name': 'a%b' },
      'name of dots': { 'metadata/name': '..' },
      'name with unicode': { 'metadata/name': 'ä' },
      'name and generateName': { 'metadata/generateName': 'y-' },
      'long generateName is cut': {
        'metadata/name': undefined,
        'metadata/generateName': `${'a'.repeat(70)}-`,
      },
      'empty label key': labels({ '': 'x' }),
      'label key with a prefix': labels({ 'example.com/a': 'x' }),
      'label key with an empty prefix': labels({ '/a': 'x' }),
      'label key with an empty name': labels({ 'example.com/': 'x' }),
      'label key with a bad prefix': labels({ 'Example_/a': 'x' }),
      'label key that starts with a dash': labels({ '-a': 'x' }),
      'label value of 63 characters': labels({ a: 'b'.repeat(63) }),
      'label value of 64 characters': labels({ a: 'b'.repeat(64) }),
      'label value that starts with a dash': labels({ a: '-b' }),
      'label value with unicode': labels({ a: 'ä' }),
      'label value that is a number': labels({ a: 1 }),
      'label value that is null': labels({ a: null }),
      'annotations may be anything': { 'metadata/annotations': { 'example.com/a': 'any text\n{}' } },
      'annotation key with capitals in its prefix': { 'metadata/annotations': { 'Example.com/a': 'x' } },
      'annotation key that is bad': { 'metadata/annotations': { 'a b': 'x' } },
      'annotation key of three parts': { 'metadata/annotations': { 'c/d/e': 'y' } },
      'annotations that are too large': { 'metadata/annotations': { a: 'x'.repeat(262_145) } },
      'finalizer without a slash': { 'metadata/finalizers': ['hold'] },
      'standard finalizers': { 'metadata/finalizers': ['orphan', 'foregroundDeletion'] },
      'contradicting finalizers': { 'metadata/finalizers': ['orphan', 'foregroundDeletion', 'kubernetes'] },
      'finalizer with spaces': { 'metadata/finalizers': ['example.com/a b'] },
      'finalizers twice': { 'metadata/finalizers': ['example.com/a', 'example.com/a'] },
      owner: { 'metadata/ownerReferences': [owner] },
      'owner that blocks deletion': {
        'metadata/ownerReferences': [{ ...owner, blockOwnerDeletion: true, controller: true }],
      },
      'owner without a uid': { 'metadata/ownerReferences': [{ ...owner, uid: undefined }] },
      'owner without a name and kind': {
        'metadata/ownerReferences': [{ ...owner, name: undefined, kind: undefined }],
      },
      'owner of a bad version': { 'metadata/ownerReferences': [{ ...owner, apiVersion: 'a/b/c' }] },
      'owner that is an event': { 'metadata/ownerReferences': [{ ...owner, kind: 'Event' }] },
      'owners twice': { 'metadata/ownerReferences': [owner, owner] },
      'negative generation': { 'metadata/generation': -1 },
      'deletion time is dropped': {
        'metadata/deletionTimestamp': '2001-01-01T00:00:00Z',
        'metadata/deletionGracePeriodSeconds': 5,
      },
      'creation time that is none': { 'metadata/creationTimestamp': 'yesterday' },
      'creation time that is null': { 'metadata/creationTimestamp': null },
      'managed fields that are bad': { 'metadata/managedFields': [{ manager: 'x', operation: 'Odd' }] },
      'cluster name': { 'metadata/clusterName': 'c' },
      'metadata is null': { metadata: null },
      'metadata is text': { metadata: 'x' },
      'labels are null': { 'metadata/labels': null },
    }),
    post(
      'bad generateName',
      ALL,
      { metadata: { generateName: 'Y_' } },
      { ignore: ['/body/message', '/body/details/name', '/body/details/causes/1/message'] },
    ),
    post(
      'same generated name is unlikely',
      ALL,
      changed(object, { 'metadata/name': undefined, 'metadata/generateName': 'gen-' }),
    ),
    ...variants(
      '/apis/rbac.authorization.k8s.io/v1/clusterroles',
      { metadata: { name: 'trial:x' }, rules: [] },
      {
        'path segment name': {},
        'path segment name with a slash': { 'metadata/name': 'a/b' },
        'path segment name with a percent': { 'metadata/name': 'a%' },
        'path segment name of dots': { 'metadata/name': '..' },
        'path segment name with capitals and spaces': { 'metadata/name': 'trial A b' },
        'namespace on a cluster-scoped kind': { 'metadata/namespace': 'default' },
      },
    ),
  ],
};
