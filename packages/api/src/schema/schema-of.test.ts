import { expect, it } from 'vitest';
import { modelNames, schemaOf } from './schema-of.ts';
import type { StructType, TypeSchema } from './type-schema.ts';

const field = (struct: StructType, name: string) => {
  const found = struct.fields.get(name);
  if (!found) throw new Error(`no field ${name}`);
  return found;
};

it('gives lists their merge keys and list keys', () => {
  const containers = field(schemaOf('io.k8s.api.core.v1.PodSpec'), 'containers');
  expect(containers).toMatchObject({ patchStrategy: ['merge'], patchMergeKey: 'name', required: true });
  expect(containers.type).toMatchObject({ type: 'list', listType: 'map', listKeys: ['name'] });
});

it('flattens embedded structs, remembering the way of their protobuf numbers', () => {
  const emptyDir = field(schemaOf('io.k8s.api.core.v1.Volume'), 'emptyDir');
  expect(emptyDir).toMatchObject({ pointer: true, omitEmpty: true, protobuf: '2.2,bytes' });
});

it('shares types and allows cycles', () => {
  const schema = schemaOf('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps');
  const not = field(schema, 'not').type;
  expect(not).toBe(schema);
});

it('refuses a name that upstream has not', () => {
  expect(() => schemaOf('io.k8s.api.core.v1.Nothing')).toThrow('no such type');
  expect(() => schemaOf('constructor')).toThrow('no such type');
});

it('resolves every type of the table', () => {
  const seen = new Set<TypeSchema>();
  const visit = (type: TypeSchema): void => {
    if (seen.has(type)) return;
    seen.add(type);
    if (type.type === 'struct') for (const child of type.fields.values()) visit(child.type);
    else if (type.type === 'list') visit(type.items);
    else if (type.type === 'map') visit(type.values);
  };
  for (const name of modelNames()) visit(schemaOf(name));
  expect(modelNames().length).toBeGreaterThan(500);
});
