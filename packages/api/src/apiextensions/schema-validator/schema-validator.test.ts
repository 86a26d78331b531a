import { describe, expect, it } from 'vitest';
import { fieldErrorMessage } from '../../meta/field-error.ts';
import { Correlated } from '../correlate.ts';
import type { JsonSchema } from '../json-schema.ts';
import { schemaNode } from '../schema-node.ts';
import { SchemaValidator } from './schema-validator.ts';

const messages = (properties: Record<string, JsonSchema>, value: unknown, more: JsonSchema = {}): string[] =>
  new SchemaValidator({ type: 'object', properties: { spec: { type: 'object', properties, ...more } } })
    .validate({ spec: value })
    .map(fieldErrorMessage);

describe('validation by a schema', () => {
  it("names types, bounds and lengths in upstream's words", () => {
    expect(messages({ n: { type: 'integer' } }, { n: 'x' })).toEqual([
      'spec.n: Invalid value: "string": spec.n in body must be of type integer: "string"',
    ]);
    expect(messages({ n: { type: 'integer', maximum: 3 } }, { n: 4 })).toEqual([
      'spec.n: Invalid value: 4: spec.n in body should be less than or equal to 3',
    ]);
    expect(messages({ n: { type: 'number', minimum: 0.5, exclusiveMinimum: true } }, { n: 0.5 })).toEqual([
      'spec.n: Invalid value: 0.5: spec.n in body should be greater than 0.5',
    ]);
    expect(messages({ s: { type: 'string', maxLength: 2 } }, { s: 'añb' })).toEqual([
      'spec.s: Too long: may not be more than 2 bytes',
    ]);
    expect(messages({ s: { type: 'string', enum: ['a', 'b'] } }, { s: 'c' })).toEqual([
      'spec.s: Unsupported value: "c": supported values: "a", "b"',
    ]);
    expect(messages({}, {}, { required: ['a'] })).toEqual(['spec.a: Required value']);
    expect(messages({ l: { type: 'array', maxItems: 1, items: {} } }, { l: [1, 2] })).toEqual([
      'spec.l: Too many: 2: must have at most 1 item',
    ]);
    expect(messages({ s: { type: 'string' } }, { s: null })).toEqual([
      'spec.s: Invalid value: "null": spec.s in body must be of type string: "null"',
    ]);
  });

  it.each([
    [2.3, 0.1, true],
    [1.1, 0.25, false],
    // 1/0.01 × 1.15 = 114.99999999999999
    [1.15, 0.01, true],
    [-0.5, 0.25, true],
    [1e-12, 0.5, false],
    [1e300, 3, false],
  ])('takes %d for a multiple of %d as upstream does: %s', (n, multipleOf, isMultiple) => {
    const type = { type: 'number', multipleOf };
    expect(messages({ n: type }, { n })).toHaveLength(isMultiple ? 0 : 1);
  });

  it('counts lengths in code points', () => {
    expect(messages({ s: { type: 'string', maxLength: 3 } }, { s: '😀😀😀' })).toEqual([]);
    expect(messages({ s: { type: 'string', minLength: 2 } }, { s: '😀' })).toHaveLength(1);
  });

  it('reports alternatives without a path, and the best failure', () => {
    const schema = { oneOf: [{ required: ['a'] }, { required: ['b'] }] };
    expect(messages({}, { a: 1, b: 2 }, schema)).toEqual([
      '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ]);
    expect(messages({}, {}, schema)[0]).toContain('Found none valid');
  });

  it('matches patterns in linear time', () => {
    const start = performance.now();
    const long = `${'a'.repeat(100_000)}!`;
    expect(messages({ s: { type: 'string', pattern: '^(a+)+$' } }, { s: long })).toHaveLength(1);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it.each([
    ['ipv4', '10.0.0.1', '10.0.0.256'],
    ['ipv6', '::1', '::g'],
    ['cidr', '10.0.0.0/8', '10.0.0.0/33'],
    ['mac', '01:23:45:67:89:ab', '01:23'],
    ['uuid', 'b7e23ec2-9af1-4b0c-8e0f-1d2c3b4a5968', 'b7e2'],
    ['date', '2024-02-29', '2023-02-29'],
    ['date-time', '2024-02-29T10:00:00Z', '2024-02-29'],
    ['duration', '1h30m', 'soon'],
    ['byte', 'aGk=', 'a'],
    ['hostname', 'example.com', '-'],
    ['email', 'a@example.com', 'a@'],
    ['uri', 'https://example.com/x', 'x y'],
    ['isbn', '978-0321751041', '978-0321751042'],
    ['creditcard', '4111111111111111', '4111111111111112'],
    ['hexcolor', '#FFF', '#GGG'],
    ['k8s-short-name', 'a-b', 'A'],
  ])('checks the format %s', (format, good, bad) => {
    expect(messages({ f: { type: 'string', format } }, { f: good })).toEqual([]);
    expect(messages({ f: { type: 'string', format } }, { f: bad })).toHaveLength(1);
  });

  it('ignores formats that it does not know', () => {
    expect(messages({ f: { type: 'string', format: 'odd' } }, { f: 'x' })).toEqual([]);
  });

  it('lets unchanged parts stay invalid (KEP-4008)', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: { a: { type: 'string', maxLength: 1 }, b: { type: 'string', maxLength: 1 } },
    };
    const validator = new SchemaValidator(schema);
    const update = (value: unknown, old: unknown) =>
      validator
        .validateUpdate(value, new Correlated(value, old, schemaNode(schema)))
        .map((error) => error.field);
    expect(update({ a: 'xx', b: 'y' }, { a: 'xx' })).toEqual([]);
    expect(update({ a: 'xx', b: 'yy' }, { a: 'xx' })).toEqual(['b']);
    expect(update({ a: 'xxx' }, { a: 'xx' })).toEqual(['a']);
  });

  it('gives up on a schema of too many alternatives instead of stalling', () => {
    const alternatives = Array.from({ length: 3_000 }, (_, i) => ({ minLength: i + 5 }));
    const schema = { type: 'array', items: { type: 'string', anyOf: alternatives } };
    const found = new SchemaValidator(schema).validate(Array.from({ length: 20_000 }, () => 'x'));
    expect(found[0]?.detail).toContain('takes more than');
  });

  it('takes __proto__ and constructor as plain names', () => {
    const value = JSON.parse('{"__proto__": 1, "constructor": 2}') as unknown;
    expect(messages({}, value, { additionalProperties: { type: 'string' } })).toHaveLength(2);
  });
});
