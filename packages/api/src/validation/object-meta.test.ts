import { describe, expect, it } from 'vitest';
import { fieldErrorMessage } from '../meta/field-error.ts';
import type { ObjectMeta } from '../meta/object.ts';
import { nameIsDNSLabel, nameIsDNSSubdomain } from './names.ts';
import { validateObjectMeta, validateObjectMetaUpdate, validateStandardFinalizers } from './object-meta.ts';

const create = (meta: Partial<ObjectMeta>): string[] =>
  validateObjectMeta({ name: 'one', namespace: 'default', ...meta }, true, nameIsDNSSubdomain).map(
    fieldErrorMessage,
  );
const update = (meta: Partial<ObjectMeta>, old: Partial<ObjectMeta> = {}): string[] => {
  const base = { name: 'one', namespace: 'default', uid: 'u', resourceVersion: '1' };
  return validateObjectMetaUpdate({ ...base, ...meta }, { ...base, ...old }).map(fieldErrorMessage);
};
const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'a', uid: '1' };

describe('metadata of a new object', () => {
  it('is fine with a name and a namespace', () => {
    expect(create({ labels: { a: 'b' }, annotations: { 'A.b/C': 'x' }, ownerReferences: [owner] })).toEqual(
      [],
    );
  });

  it('needs a name', () => {
    expect(create({ name: '' })).toEqual(['metadata.name: Required value: name or generateName is required']);
  });

  it('needs a namespace just when the kind has one', () => {
    expect(create({ namespace: '' })).toEqual(['metadata.namespace: Required value']);
    expect(
      validateObjectMeta({ name: 'a', namespace: 'b' }, false, nameIsDNSLabel).map(fieldErrorMessage),
    ).toEqual(['metadata.namespace: Forbidden: not allowed on this type']);
  });

  it('checks the prefix of generated names', () => {
    const meta = { name: 'a', namespace: 'default', generateName: 'ABC-' };
    expect(validateObjectMeta(meta, true, nameIsDNSLabel).map(fieldErrorMessage)).toEqual([
      "metadata.generateName: Invalid value: \"ABC-\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ]);
  });

  it('refuses a negative generation', () => {
    expect(create({ generation: -1 })).toEqual([
      'metadata.generation: Invalid value: -1: must be greater than or equal to 0',
    ]);
  });

  it('limits annotations to 256 KiB in all', () => {
    expect(create({ annotations: { a: 'x'.repeat(256 * 1024 - 1) } })).toEqual([]);
    expect(create({ annotations: { a: 'x'.repeat(256 * 1024) } })).toEqual([
      'metadata.annotations: Too long: may not be more than 262144 bytes',
    ]);
  });

  it('allows one controller among the owners', () => {
    const controllers = [
      { ...owner, controller: true },
      { ...owner, name: 'b', uid: '2', controller: true },
    ];
    expect(create({ ownerReferences: controllers })).toEqual([
      'metadata.ownerReferences: Invalid value: [{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"a","uid":"1","controller":true},{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"b","uid":"2","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for ReplicaSet/a and ReplicaSet/b',
    ]);
  });

  it('refuses owners without a name, a kind, a uid or a version, and events', () => {
    expect(create({ ownerReferences: [{ apiVersion: '', kind: '', name: '', uid: '' }] })).toEqual([
      'metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty',
      'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
      'metadata.ownerReferences.name: Invalid value: "": must not be empty',
      'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
    ]);
    expect(create({ ownerReferences: [{ ...owner, apiVersion: 'v1', kind: 'Event' }] })).toEqual([
      'metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"a","uid":"1"}: /v1, Kind=Event is disallowed from being an owner',
    ]);
  });

  it('wants qualified finalizers, not both of the two for dependents', () => {
    expect(create({ finalizers: ['a b'] })[0]).toContain('metadata.finalizers: Invalid value: "a b"');
    expect(create({ finalizers: ['orphan', 'foregroundDeletion'] })).toEqual([
      'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
    ]);
    expect(validateStandardFinalizers(['x'], 'metadata.finalizers').map(fieldErrorMessage)).toEqual([
      'metadata.finalizers[0]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified',
    ]);
  });
});

describe('metadata of an update', () => {
  it('may change labels and annotations', () => {
    expect(update({ labels: { a: 'b' } })).toEqual([]);
  });

  it.each([
    [{ name: 'two' }, {}, 'metadata.name: Invalid value: "two": field is immutable'],
    [{ namespace: 'two' }, {}, 'metadata.namespace: Invalid value: "two": field is immutable'],
    [{ uid: 'v' }, {}, 'metadata.uid: Invalid value: "v": field is immutable'],
    [
      { resourceVersion: '' },
      {},
      'metadata.resourceVersion: Invalid value: "": must be specified for an update',
    ],
    [{ generation: 1 }, { generation: 2 }, 'metadata.generation: Invalid value: 1: must not be decremented'],
    [
      { creationTimestamp: '2026-01-02T00:00:00Z' },
      { creationTimestamp: '2026-01-01T00:00:00Z' },
      'metadata.creationTimestamp: Invalid value: "2026-01-02T00:00:00Z": field is immutable',
    ],
    [
      { deletionGracePeriodSeconds: 5 },
      {},
      'metadata.deletionGracePeriodSeconds: Invalid value: 5: field is immutable',
    ],
  ])('refuses %j of %j', (meta, old, message) => {
    expect(update(meta, old)).toEqual([message]);
  });

  it('adds no finalizers to an object that is being deleted', () => {
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(
      update({ deletionTimestamp, finalizers: ['a/b', 'c/d'] }, { deletionTimestamp, finalizers: ['a/b'] }),
    ).toEqual([
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"c/d"}',
    ]);
    expect(update({ deletionTimestamp }, { deletionTimestamp, finalizers: ['a/b'] })).toEqual([]);
  });
});
