import { deepFreeze } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import type { KubeObject, ManagedFieldsEntry } from '../meta/object.ts';
import { schemaOf } from '../schema/schema-of.ts';
import type { StructType } from '../schema/type-schema.ts';
import { excludingFields, includingFields } from './field-filter.ts';
import { setOf } from './field-set.ts';
import { keepTimesOfNoChange } from './no-change.ts';
import { Trial } from './trial.ts';
import { managerOrUserAgent, nextManagedFields, updateManagedFields } from './update-managed-fields.ts';

const model = (name: string): StructType => schemaOf(`io.k8s.api.${name}`) as StructType;
const schema = model('core.v1.ConfigMap');
const configMap = (): Trial => new Trial(schema, 'v1', 'ConfigMap');
const request = { schema, apiVersion: 'v1', time: '2026-02-01T00:00:00Z' };
const withEntries = (managedFields: ManagedFieldsEntry[], data = {}): KubeObject =>
  deepFreeze({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', managedFields }, data });

describe('tracking of updates', () => {
  it('owns what a create sets, but not identity', () => {
    const trial = configMap();
    trial.update('kubectl', { data: { x: '1' }, metadata: { labels: { a: 'b' }, uid: 'u', generation: 1 } });
    expect(trial.entries).toEqual([
      {
        manager: 'kubectl',
        operation: 'Update',
        apiVersion: 'v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { '.': {}, 'f:x': {} }, 'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } } },
      },
    ]);
  });

  it('writes the fields in upstream order', () => {
    const trial = configMap();
    trial.update('m', { metadata: { labels: { z: '1', a: '2' } }, data: { b: '1', a: '1' }, binaryData: {} });
    expect(JSON.stringify(trial.entries[0]?.fieldsV1)).toBe(
      '{"f:binaryData":{},"f:data":{".":{},"f:a":{},"f:b":{}},"f:metadata":{"f:labels":{".":{},"f:a":{},"f:z":{}}}}',
    );
  });

  it('moves changed fields to the manager of an update, and forgets removed ones', () => {
    const trial = configMap();
    trial.update('one', { data: { x: '1', y: '1', z: '1' } });
    trial.update('two', { data: { x: '1', y: '2' } });
    expect(trial.owners).toEqual({
      'one/Update': { 'f:data': { '.': {}, 'f:x': {} } },
      'two/Update': { 'f:data': { 'f:y': {} } },
    });
  });

  it('keeps managedFields as they are when nothing changes', () => {
    const trial = configMap();
    const first = trial.update('one', { data: { x: '1' } });
    const second = trial.update('two', { data: { x: '1' } });
    expect(second.metadata.managedFields).toBe(first.metadata.managedFields);
  });

  it('keeps the claims of subresources apart', () => {
    const trial = new Trial(model('apps.v1.Deployment'), 'apps/v1', 'Deployment');
    trial.update('ctl', { spec: { replicas: 1 } });
    trial.update('ctl', { spec: { replicas: 1 }, status: { replicas: 1 } }, { subresource: 'status' });
    expect(trial.entries.map(({ subresource, fieldsV1 }) => [subresource, fieldsV1])).toEqual([
      [undefined, { 'f:spec': { 'f:replicas': {} } }],
      ['status', { 'f:status': { 'f:replicas': {} } }],
    ]);
  });

  it('resets managedFields on request, and leaves the object untracked from then on', () => {
    const trial = configMap();
    trial.update('one', { data: { x: '1' } });
    trial.update('one', { data: { x: '1' }, metadata: { managedFields: [{}] } });
    expect(trial.live?.metadata.managedFields).toBeUndefined();
    trial.update('one', { data: { x: '2' } });
    expect(trial.live?.metadata.managedFields).toBeUndefined();
    trial.apply('two', { data: { y: '1' } });
    trial.update('one', { data: { x: '3', y: '1' }, metadata: { managedFields: [] } });
    expect(trial.live?.metadata.managedFields).toBeUndefined();
  });

  it('takes managedFields that a request gives, unless they cannot be read', () => {
    const mine: ManagedFieldsEntry = {
      manager: 'other',
      operation: 'Update',
      apiVersion: 'v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:data': { 'f:x': {} } },
    };
    const live = withEntries([{ ...mine, manager: 'me' }], { x: '1' });
    const after = (entries: ManagedFieldsEntry[]) =>
      nextManagedFields({ ...request, live, next: withEntries(entries, { x: '1' }), manager: 'm' });
    expect(after([mine])).toEqual([mine]);
    for (const bad of [
      { ...mine, operation: 'Guess' },
      { ...mine, apiVersion: '' },
      { ...mine, fieldsType: 'FieldsV2' },
      { ...mine, fieldsV1: { 'k:{': {} } },
    ]) {
      expect(after([bad as ManagedFieldsEntry])).toBe(live.metadata.managedFields);
    }
  });

  it('brings fields that a client wrote into canonical form', () => {
    const given = withEntries([
      {
        manager: 'm',
        operation: 'Update',
        apiVersion: 'v1',
        fieldsType: 'FieldsV1',
        fieldsV1: JSON.parse(
          '{"f:z":{".":{}},"k:{ \\"b\\": 1, \\"a\\": \\"x\\" }":{},"x:unknown":{},"f:a":{"f:c":{},".":{}},"f:data":{"f:x":{}}}',
        ),
      },
    ]);
    const result = nextManagedFields({ ...request, live: withEntries([]), next: given, manager: 'm' });
    expect(JSON.stringify(result?.[0]?.fieldsV1)).toBe(
      '{"f:a":{".":{},"f:c":{}},"f:data":{"f:x":{}},"f:z":{},"k:{\\"a\\":\\"x\\",\\"b\\":1}":{}}',
    );
  });

  it('merges the oldest of more than ten updaters', () => {
    const trial = configMap();
    for (let i = 0; i < 12; i++) {
      const data = Object.fromEntries(Array.from({ length: i + 1 }, (_, k) => [`k${k}`, '1']));
      trial.update(`m${i}`, { data });
    }
    expect(trial.entries.map(({ manager }) => manager)).toEqual([
      'ancient-changes',
      ...[3, 4, 5, 6, 7, 8, 9, 10, 11].map((i) => `m${i}`),
    ]);
    expect(trial.entries[0]).toMatchObject({
      time: '2026-01-01T00:00:02Z',
      fieldsV1: { 'f:data': { '.': {}, 'f:k0': {}, 'f:k1': {}, 'f:k2': {} } },
    });
  });

  it('leaves out what the endpoint resets', () => {
    const type = model('apps.v1.Deployment');
    const next = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {},
      spec: { replicas: 1 },
      status: { replicas: 1 },
    };
    const change = { ...request, apiVersion: 'apps/v1', schema: type, live: undefined, next, manager: 'm' };
    expect(nextManagedFields({ ...change, filter: excludingFields(['status']) })?.[0]?.fieldsV1).toEqual({
      'f:spec': { 'f:replicas': {} },
    });
    expect(
      nextManagedFields({ ...change, filter: includingFields(['*', 'replicas']) })?.[0]?.fieldsV1,
    ).toEqual({
      'f:spec': { 'f:replicas': {} },
      'f:status': { 'f:replicas': {} },
    });
    expect(includingFields(['a', '*', 'c'])(setOf(['a', 'b', 'c'], ['a', 'b', 'd'], ['x']))).toEqual(
      setOf(['a', 'b', 'c']),
    );
  });

  it('follows claims into other versions, and drops those of versions that are gone', () => {
    const old = { ...withEntries([], { x: '1' }) };
    const entry = (apiVersion: string): ManagedFieldsEntry => ({
      manager: apiVersion,
      operation: 'Update',
      apiVersion,
      fieldsType: 'FieldsV1',
      fieldsV1: apiVersion === 'v1' ? { 'f:data': { 'f:x': {} } } : { 'f:renamed': { 'f:x': {} } },
    });
    const live = withEntries([entry('v1'), entry('v2'), entry('v0')], { x: '1' });
    const renamed: StructType = {
      type: 'struct',
      fields: new Map([['renamed', { name: 'renamed', type: { type: 'map', values: { type: 'string' } } }]]),
    };
    const versions = {
      typeOf: (version: string) => (version === 'v0' ? undefined : version === 'v2' ? renamed : schema),
      convert: (object: object, version: string) =>
        version === 'v2' ? { renamed: (object as KubeObject).data } : object,
    };
    const { managedFields: _, ...metadata } = live.metadata;
    const next = { ...old, metadata, data: { x: '2' } };
    const after = updateManagedFields({ ...request, live, next, manager: 'm', versions });
    expect(after.metadata.managedFields?.map(({ manager }) => manager)).toEqual(['m']);
  });

  it('makes one field of those below what has become atomic', () => {
    const type = model('apps.v1.Deployment');
    const managedFields: ManagedFieldsEntry[] = [
      {
        manager: 'old',
        operation: 'Update',
        apiVersion: 'apps/v1',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:spec': { 'f:selector': { 'f:matchLabels': { 'f:app': {} } } } },
      },
    ];
    const live = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { managedFields },
      spec: { selector: { matchLabels: { app: 'a' } } },
    };
    const next = { ...live, spec: { ...live.spec, paused: true } };
    const after = nextManagedFields({
      ...request,
      apiVersion: 'apps/v1',
      schema: type,
      live,
      next,
      manager: 'm',
    });
    expect(after?.find(({ manager }) => manager === 'old')?.fieldsV1).toEqual({
      'f:spec': { 'f:selector': {} },
    });
  });

  it('does not count new times alone as a change', () => {
    const trial = configMap();
    const live = trial.update('one', { data: { x: '1' } });
    const [entry] = live.metadata.managedFields ?? [];
    const later = withEntries([{ ...entry, time: '2027-01-01T00:00:00Z' }], { x: '1' });
    expect(keepTimesOfNoChange(live, later)).toEqual(live);
    const changed = withEntries([{ ...entry, time: '2027-01-01T00:00:00Z' }], { x: '2' });
    expect(keepTimesOfNoChange(live, changed)).toBe(changed);
  });

  it('takes the manager from the User-Agent', () => {
    expect(managerOrUserAgent('me', 'kubectl/v1.36')).toBe('me');
    expect(managerOrUserAgent('', 'kubectl/v1.36 (linux)')).toBe('kubectl');
    expect(managerOrUserAgent(undefined, `a\u0007b${'é'.repeat(100)}`)).toBe(`ab${'é'.repeat(63)}`);
    expect(managerOrUserAgent(undefined, undefined)).toBe('');
  });
});
