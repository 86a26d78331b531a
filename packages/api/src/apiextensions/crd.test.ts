import { describe, expect, it } from 'vitest';
import { fieldErrorMessage } from '../meta/field-error.ts';
import type { CustomResourceDefinition } from './crd.ts';
import { CRD_CLEANUP_FINALIZER, crdStatus, deletingCrd } from './crd-conditions.ts';
import { customResourceDefinitionRules as rules } from './crd-rules.ts';
import type { JsonSchema } from './json-schema.ts';

const NOW = { now: 0 };
const TIME = '2026-01-01T00:00:00Z';

function crdOf(
  spec: JsonSchema = { type: 'object' },
  more: object = {},
  name = 'boats',
): CustomResourceDefinition {
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${name}.example.com` },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: name, kind: name === 'boats' ? 'Boat' : 'Ship' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
        },
      ],
      ...more,
    },
  } as CustomResourceDefinition;
  rules.setDefaults?.(crd);
  rules.prepareForCreate?.(crd, NOW);
  return crd;
}

const errorsOf = (crd: CustomResourceDefinition): string[] =>
  (rules.validate?.(crd, NOW) ?? []).map(fieldErrorMessage);
const at = 'spec.validation.openAPIV3Schema.properties[spec]';

describe('a definition', () => {
  it('gets defaults for its names, conversion and stored versions', () => {
    const crd = crdOf();
    expect(crd.spec.names).toMatchObject({ singular: 'boat', listKind: 'BoatList' });
    expect(crd.spec.conversion).toEqual({ strategy: 'None' });
    expect(crd.status?.storedVersions).toEqual(['v1']);
    expect(errorsOf(crd)).toEqual([]);
  });

  it.each<[JsonSchema, string]>([
    [{}, `${at}.type: Required value: must not be empty for specified object fields`],
    [{ type: 'array' }, `${at}.items: Required value: must be specified`],
    [
      { type: 'object', properties: { a: { type: 'text' } } },
      `${at}.properties[a].type: Unsupported value: "text"`,
    ],
    [{ type: 'string', default: 1 }, `${at}.default: Invalid value: "integer": spec`],
    [
      { type: 'object', default: { x: 1 } },
      `${at}.default: Invalid value: {"x":1}: must not have unknown fields`,
    ],
    [
      { type: 'string', pattern: '[' },
      `${at}.pattern: Invalid value: "[": must be a valid regular expression`,
    ],
    [{ type: 'string', pattern: '(x{1000}){100}' }, `${at}.pattern: Invalid value`],
    [
      { type: 'object', anyOf: [{ type: 'object' }] },
      `${at}.anyOf[0].type: Forbidden: must be empty to be structural`,
    ],
    [{ type: 'object', 'x-kubernetes-validations': [{ rule: 'self.nope' }] }, `undefined field 'nope'`],
    [{ type: 'object', 'x-kubernetes-validations': [{ rule: '' }] }, 'Required value: rule is not specified'],
    [
      {
        type: 'object',
        properties: { l: { type: 'array', items: { type: 'string' } } },
        'x-kubernetes-validations': [{ rule: 'self.l.all(x, self.l.all(y, x == y))' }],
      },
      'estimated rule cost exceeds budget by factor of more than 100x',
    ],
  ])('is refused for the schema %j', (schema, text) => {
    expect(errorsOf(crdOf(schema)).join('\n')).toContain(text.replace(/: spec$/, ''));
  });

  it('is refused for wrong names, versions and conversion', () => {
    expect(errorsOf(crdOf({ type: 'object' }, { group: 'nodot' })).join()).toContain(
      'should be a domain with at least one dot',
    );
    expect(errorsOf(crdOf({ type: 'object' }, { scope: 'Odd' })).join()).toContain(
      'supported values: "Cluster", "Namespaced"',
    );
    expect(errorsOf(crdOf({ type: 'object' }, { versions: [] })).join()).toContain(
      'must have exactly one version marked as storage version',
    );
    const webhook = {
      clientConfig: { url: 'https://example.com/convert' },
      conversionReviewVersions: ['v1'],
    };
    const conversion = { strategy: 'Webhook', webhook };
    expect(errorsOf(crdOf({ type: 'object' }, { conversion }))).toEqual([]);
    expect(errorsOf(crdOf({ type: 'object' }, { conversion, preserveUnknownFields: true }))).toContain(
      'spec.conversion.strategy: Invalid value: "Webhook": must be None if spec.preserveUnknownFields is true',
    );
  });

  it('is refused for selectable fields of a schema that cannot be read', () => {
    const openAPIV3Schema = { type: 'object', id: 'x', properties: { a: { type: 'string' } } };
    const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } };
    const versions = [{ ...version, selectableFields: [{ jsonPath: '.a' }] }];
    expect(errorsOf(crdOf({}, { versions }))).toEqual([
      'spec.validation.openAPIV3Schema.id: Forbidden: id is not supported',
      `spec.schema.openAPIV3Schema: Invalid value: "": OpenAPIV3Schema 'id' is not supported`,
    ]);
  });

  it('needs an approval in the groups of Kubernetes', () => {
    const crd = crdOf({ type: 'object' }, { group: 'x.k8s.io' });
    expect(errorsOf(crd).join()).toContain('protected groups must have approval annotation');
    crd.metadata.annotations = { 'api-approved.kubernetes.io': 'unapproved, a test' };
    expect(errorsOf(crd).join()).not.toContain('approval');
  });

  it('keeps what cannot change', () => {
    const old = crdOf();
    old.status = crdStatus(old, [], TIME);
    const changed = structuredClone(old);
    changed.spec.scope = 'Cluster';
    changed.spec.names.kind = 'Yacht';
    const fields = rules.validateUpdate?.(changed, old, NOW).map((error) => [error.field, error.detail]);
    expect(fields).toEqual([
      ['spec.scope', 'field is immutable'],
      ['spec.names.kind', 'field is immutable'],
    ]);
  });
});

describe('the status of a definition', () => {
  it('accepts its names and is established', () => {
    const crd = crdOf();
    const status = crdStatus(crd, [], TIME);
    expect(status.acceptedNames).toEqual(crd.spec.names);
    expect(status.conditions?.map((c) => [c.type, c.status, c.reason])).toEqual([
      ['NamesAccepted', 'True', 'NoConflicts'],
      ['Established', 'True', 'InitialNamesAccepted'],
    ]);
    crd.status = status;
    expect(crdStatus(crd, [], '2027-01-01T00:00:00Z')).toBe(status);
  });

  it('says which names others have', () => {
    const first = crdOf();
    first.status = crdStatus(first, [], TIME);
    const second = crdOf(
      { type: 'object' },
      { names: { plural: 'ships', kind: 'Ship', shortNames: ['boat'] } },
      'ships',
    );
    rules.setDefaults?.(second);
    const status = crdStatus(second, [first, second], TIME);
    expect(status.conditions?.map((c) => [c.type, c.status, c.reason, c.message])).toEqual([
      ['NamesAccepted', 'False', 'ShortNamesConflict', '"boat" is already in use'],
      ['Established', 'False', 'NotAccepted', 'not all names are accepted'],
    ]);
  });

  it('waits for its objects when it is deleted', () => {
    const deleting = deletingCrd(crdOf(), TIME);
    expect(deleting.metadata.finalizers).toEqual([CRD_CLEANUP_FINALIZER]);
    expect(deleting.status?.conditions?.[0]).toMatchObject({ type: 'Terminating', status: 'True' });
  });
});
