import { deepFreeze } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import type { KubeObject, ManagedFieldsEntry } from '../meta/object.ts';
import { schemaOf } from '../schema/schema-of.ts';
import { apply } from './apply.ts';
import { parentManagedFields, scaleManagedFields } from './scale-managed-fields.ts';
import { nextManagedFields } from './update-managed-fields.ts';

const PATH = ['spec', 'replicas'];
const entry = (
  manager: string,
  operation: 'Apply' | 'Update',
  fields: object,
  more = {},
): ManagedFieldsEntry => ({
  manager,
  operation,
  apiVersion: 'apps/v1',
  time: '2026-01-01T00:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:spec': fields } as Record<string, unknown>,
  ...more,
});
const parent = deepFreeze([
  entry('one', 'Apply', { 'f:paused': {}, 'f:replicas': {} }),
  entry('ctl', 'Update', { 'f:x': {} }),
]);
const scale = (replicas: number, managedFields: ManagedFieldsEntry[] | undefined): KubeObject =>
  deepFreeze({
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name: 'a', ...(managedFields && { managedFields }) },
    spec: { replicas },
  });
const request = {
  schema: schemaOf('io.k8s.api.autoscaling.v1.Scale'),
  apiVersion: 'autoscaling/v1',
  subresource: 'scale',
  time: '2026-01-02T00:00:00Z',
};

describe('managedFields of the scale subresource', () => {
  it('show who owns the replicas', () => {
    expect(scaleManagedFields(parent, PATH)).toEqual([
      { ...entry('one', 'Apply', { 'f:replicas': {} }), apiVersion: 'autoscaling/v1' },
    ]);
    expect(scaleManagedFields([entry('x', 'Update', { 'f:size': {} })], ['spec', 'size'])).toHaveLength(1);
    expect(scaleManagedFields(undefined, PATH)).toBeUndefined();
  });

  it('hand the replicas to who updates the scale', () => {
    const live = scale(1, scaleManagedFields(parent, PATH));
    const after = nextManagedFields({ ...request, live, next: scale(2, undefined), manager: 'hpa' });
    expect(parentManagedFields(parent, after, PATH, 'apps/v1')).toEqual([
      entry('one', 'Apply', { 'f:paused': {} }),
      { ...entry('hpa', 'Update', { 'f:replicas': {} }, { subresource: 'scale' }), time: undefined },
      parent[1],
    ]);
  });

  it('stay as they are when the scale does', () => {
    const live = scale(1, scaleManagedFields(parent, PATH));
    const after = nextManagedFields({ ...request, live, next: scale(1, undefined), manager: 'hpa' });
    expect(parentManagedFields(parent, after, PATH, 'apps/v1')).toBe(parent);
  });

  it('leave replicas without an owner untracked', () => {
    const after = nextManagedFields({
      ...request,
      live: scale(1, undefined),
      next: scale(2, undefined),
      manager: 'hpa',
    });
    expect(parentManagedFields([parent[1] as ManagedFieldsEntry], after, PATH, 'apps/v1')).toEqual([
      parent[1],
    ]);
  });

  it('make appliers of a scale conflict', () => {
    const live = scale(1, scaleManagedFields(parent, PATH));
    const applied = {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name: 'a' },
      spec: { replicas: 9 },
    };
    expect(() => apply({ ...request, kind: 'Scale', live, applied, manager: 'applier' })).toThrow(
      'Apply failed with 1 conflict: conflict with "one": .spec.replicas',
    );
    const forced = apply({ ...request, kind: 'Scale', live, applied, manager: 'applier', force: true });
    const after = parentManagedFields(parent, forced.metadata.managedFields, PATH, 'apps/v1');
    expect(after?.map(({ manager, subresource }) => [manager, subresource])).toEqual([
      ['applier', 'scale'],
      ['one', undefined],
      ['ctl', undefined],
    ]);
  });
});
