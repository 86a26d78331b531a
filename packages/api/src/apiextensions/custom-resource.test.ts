import { deepFreeze } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import { fieldErrorMessage } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import type { CrdVersion, CustomResourceDefinition } from './crd.ts';
import { type CustomResource, resourceDefinitionsOf } from './custom-resource.ts';
import { customGenerationChanged } from './custom-rules.ts';
import { decodeCustom } from './decode-custom.ts';
import type { JsonSchema } from './json-schema.ts';

const NOW = { now: Date.UTC(2026, 0, 2) };

function crdOf(schema: JsonSchema, more: Partial<CrdVersion> = {}, generation = 1): CustomResourceDefinition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'boats.example.com', generation },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: {
        plural: 'boats',
        singular: 'boat',
        kind: 'Boat',
        listKind: 'BoatList',
        shortNames: ['bo'],
        categories: ['all'],
      },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...more }],
    },
  };
}

function boatKind(spec: JsonSchema, more: Partial<CrdVersion> = {}): CustomResource {
  const [definition] = resourceDefinitionsOf(
    crdOf(
      {
        type: 'object',
        properties: { spec, status: { type: 'object', properties: { n: { type: 'integer' } } } },
      },
      more,
    ),
  );
  if (!definition) throw new Error('not served');
  return definition;
}

const boat = (spec: unknown, more: object = {}): KubeObject => ({
  apiVersion: 'example.com/v1',
  kind: 'Boat',
  metadata: { name: 'a', namespace: 'd' },
  spec,
  ...more,
});

describe('a served version of a definition', () => {
  it('is a kind with names, columns, scale and selectable fields', () => {
    const kind = boatKind(
      { type: 'object', properties: { sails: { type: 'integer' }, color: { type: 'string' } } },
      {
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.sails', statusReplicasPath: '.status.n' },
        },
        additionalPrinterColumns: [
          { name: 'Sails', type: 'integer', jsonPath: '.spec.sails' },
          { name: 'Born', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        selectableFields: [{ jsonPath: '.spec.color' }],
      },
    );
    expect(kind).toMatchObject({
      resource: 'boats',
      singular: 'boat',
      listKind: 'BoatList',
      shortNames: ['bo'],
      categories: ['all'],
    });
    expect(kind.scale).toEqual({ specReplicas: 'spec.sails', statusReplicas: 'status.n' });
    const object = boat(
      { sails: 3, color: 'red' },
      { metadata: { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' } },
    );
    expect(kind.rules.columns?.map((column) => [column.name, column.cell(object, NOW.now)])).toEqual([
      ['Name', 'a'],
      ['Sails', 3],
      ['Born', '24h'],
    ]);
    expect(kind.rules.selectableFields?.['spec.color']?.(object)).toBe('red');
  });

  it('shows name and age when it has no columns of its own', () => {
    expect(boatKind({ type: 'object' }).rules.columns?.map((column) => column.name)).toEqual(['Name', 'Age']);
  });
});

describe('decoding a custom object', () => {
  const kind = boatKind({
    type: 'object',
    properties: {
      sails: { type: 'integer', default: 1 },
      inner: {
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        'x-kubernetes-preserve-unknown-fields': true,
      },
    },
  });

  it('prunes, defaults and warns of unknown fields', () => {
    const { object, warnings } = decodeCustom(
      kind,
      boat({ masts: 2 }, { metadata: { name: 'a', odd: 1, labels: {} } }),
    );
    expect(object.spec).toEqual({ sails: 1 });
    expect(object.metadata).toEqual({ name: 'a' });
    expect(warnings).toEqual(['unknown field "metadata.odd"', 'unknown field "spec.masts"']);
  });

  it('refuses unknown fields with Strict', () => {
    expect(() => decodeCustom(kind, boat({ masts: 2 }), { fieldValidation: 'Strict' })).toThrow(
      'Boat in version "v1" cannot be handled as a Boat: strict decoding error: unknown field "spec.masts"',
    );
  });

  it('refuses metadata of wrong types, also in embedded resources', () => {
    expect(() => decodeCustom(kind, boat({}, { metadata: { name: 1 } }))).toThrow(
      'json: cannot unmarshal number into Go struct field ObjectMeta.name of type string',
    );
    expect(() => decodeCustom(kind, boat({ inner: { kind: 1 } }))).toThrow('must be a string');
    expect(
      decodeCustom(kind, boat({ inner: { kind: 'X', apiVersion: 'v1', metadata: { name: 'n', odd: 1 } } }))
        .object.spec.inner,
    ).toEqual({
      kind: 'X',
      apiVersion: 'v1',
      metadata: { name: 'n' },
    });
  });
});

describe('validation of a custom object', () => {
  const kind = boatKind(
    {
      type: 'object',
      required: ['name'],
      properties: {
        name: { type: 'string', maxLength: 5 },
        sails: { type: 'integer' },
        old: { type: 'string', maxLength: 1 },
      },
      'x-kubernetes-validations': [
        { rule: 'self.sails < 4', messageExpression: "'too many sails: ' + string(self.sails)" },
        {
          rule: 'self.name == oldSelf.name',
          message: 'is fixed',
          reason: 'FieldValueForbidden',
          fieldPath: '.name',
        },
      ],
    },
    { subresources: { status: {} } },
  );
  const update = (spec: unknown, old: unknown): string[] =>
    (kind.rules.validateUpdate?.(boat(spec), deepFreeze(boat(old)), NOW) ?? []).map(fieldErrorMessage);

  it('runs rules with their messages, and transition rules on updates only', () => {
    expect(kind.rules.validate?.(boat({ name: 'a', sails: 5 }), NOW).map(fieldErrorMessage)).toEqual([
      'spec: Invalid value: too many sails: 5',
    ]);
    expect(update({ name: 'b', sails: 1 }, { name: 'a', sails: 1 })).toEqual([
      'spec.name: Forbidden: is fixed',
    ]);
  });

  it('does not run rules on an object that its schema refuses', () => {
    const errors = kind.rules.validate?.(boat({ sails: 9 }), NOW).map(fieldErrorMessage) ?? [];
    expect(errors[0]).toBe('spec.name: Required value');
    expect(errors[1]).toContain('some validation rules were not checked');
  });

  it('lets unchanged invalid parts and rules be', () => {
    expect(update({ name: 'a', sails: 9, old: 'xx' }, { name: 'a', sails: 9, old: 'xx' })).toEqual([]);
    expect(update({ name: 'a', sails: 8, old: 'xx' }, { name: 'a', sails: 9, old: 'xx' })).toEqual([
      'spec: Invalid value: too many sails: 8',
    ]);
  });

  it('keeps status and the rest apart', () => {
    const created = boat({ name: 'a' }, { status: { n: 1 } });
    kind.rules.prepareForCreate?.(created, NOW);
    expect(created.status).toBeUndefined();
    const changed = boat({ name: 'b' }, { status: { n: 2 } });
    kind.rules.status?.prepareForUpdate?.(changed, deepFreeze(boat({ name: 'a' })));
    expect(changed).toEqual(boat({ name: 'a' }, { status: { n: 2 } }));
    expect(
      kind.rules.status
        ?.validateUpdate?.(boat({ name: 'a' }, { status: { n: 'x' } }), boat({ name: 'a' }), NOW)
        .map(fieldErrorMessage)[0],
    ).toBe('status.n: Invalid value: "string": n in body must be of type integer: "string"');
  });

  it('counts all changes but those of metadata as generations', () => {
    expect(customGenerationChanged(boat({ a: 1 }), boat({ a: 2 }))).toBe(true);
    expect(
      customGenerationChanged(boat({ a: 1 }, { metadata: { labels: { x: 'y' } } }), boat({ a: 1 })),
    ).toBe(false);
  });
});

describe('several versions', () => {
  const crd = crdOf({ type: 'object', properties: { a: { type: 'string' } } });
  crd.spec.versions.push({
    name: 'v2',
    served: true,
    storage: false,
    deprecated: true,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: { a: { type: 'string' }, b: { type: 'string', default: 'x' } },
      },
    },
  });
  const [, second] = resourceDefinitionsOf(crd);

  it('change apiVersion and what the schemas do not share', () => {
    const stored = deepFreeze({ ...boat(undefined), a: '1' });
    const read = second?.storage?.fromStorage(stored);
    expect(read).toMatchObject({ apiVersion: 'example.com/v2', a: '1' });
    expect(second?.storage?.fromStorage(stored)).toBe(read);
    expect(
      second?.storage?.toStorage({ ...boat(undefined), apiVersion: 'example.com/v2', a: '1', b: '2' }),
    ).toMatchObject({ apiVersion: 'example.com/v1', a: '1' });
    expect(second?.deprecationWarning).toBe('example.com/v2 Boat is deprecated');
  });

  it('of a changed definition give stored objects the defaults of today', () => {
    const [changed] = resourceDefinitionsOf(
      crdOf({ type: 'object', properties: { a: { type: 'string', default: 'new' } } }, {}, 2),
    );
    expect(changed?.storage?.fromStorage(deepFreeze(boat(undefined)))).toMatchObject({ a: 'new' });
    const [fresh] = resourceDefinitionsOf(crdOf({ type: 'object' }));
    expect(fresh?.storage).toBeUndefined();
  });
});
