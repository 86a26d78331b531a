import { describe, expect, it } from 'vitest';
import { applyDefaults, pruneNulls } from './defaults.ts';
import { parseJsonPath } from './json-path.ts';
import type { JsonSchema } from './json-schema.ts';
import { validateListTypes } from './list-types.ts';
import { patternWeight } from './patterns.ts';
import { prune } from './prune.ts';
import { schemaNode } from './schema-node.ts';

const object = (properties: Record<string, JsonSchema>, more: JsonSchema = {}): JsonSchema => ({
  type: 'object',
  properties,
  ...more,
});

describe('pruning', () => {
  it('removes what no schema names and reports its path', () => {
    const node = schemaNode(object({ spec: object({ list: { type: 'array', items: object({ a: {} }) } }) }));
    const value = { kind: 'X', spec: { list: [{ a: 1, b: 2 }], other: {} }, extra: 1 };
    expect(prune(value, node)).toEqual(['extra', 'spec.list[0].b', 'spec.other']);
    expect(value).toEqual({ kind: 'X', spec: { list: [{ a: 1 }] } });
  });

  it('keeps unknown fields where they are preserved, and metadata of embedded resources', () => {
    const node = schemaNode(
      object({
        any: object({ typed: object({ a: {} }) }, { 'x-kubernetes-preserve-unknown-fields': true }),
        inner: object({}, { 'x-kubernetes-embedded-resource': true }),
      }),
    );
    const value = {
      any: { x: { y: 1 }, typed: { a: 1, b: 2 } },
      inner: { kind: 'Y', metadata: { name: 'n' }, z: 1 },
    };
    prune(value, node);
    expect(value).toEqual({
      any: { x: { y: 1 }, typed: { a: 1 } },
      inner: { kind: 'Y', metadata: { name: 'n' } },
    });
  });

  it('removes keys of the prototype chain like any other', () => {
    const value = JSON.parse('{"__proto__": {"x": 1}, "constructor": 1}') as Record<string, unknown>;
    expect(prune(value, schemaNode(object({})))).toEqual(['__proto__', 'constructor']);
    expect(Object.keys(value)).toEqual([]);
  });
});

describe('defaulting', () => {
  const node = schemaNode(
    object({
      a: { type: 'string', default: 'x' },
      b: object({ c: { type: 'integer', default: 1 } }, { default: {} }),
      n: { type: 'string', nullable: true, default: 'y' },
    }),
  );

  it('fills absent fields and nulls that are not allowed, also below defaults', () => {
    const value: Record<string, unknown> = { a: null, n: null };
    pruneNulls(value, node);
    applyDefaults(value, node);
    expect(value).toEqual({ a: 'x', b: { c: 1 }, n: null });
  });

  it('removes nulls that nothing allows and nothing defaults', () => {
    const value: Record<string, unknown> = { a: null };
    pruneNulls(value, schemaNode(object({ a: { type: 'string' } })));
    expect(value).toEqual({});
  });

  it('refuses defaults that would make the object huge', () => {
    const items = object({ big: { type: 'string', default: 'x'.repeat(10_000) } });
    const list = schemaNode({ type: 'array', items });
    expect(() =>
      applyDefaults(
        Array.from({ length: 1_000 }, () => ({})),
        list,
      ),
    ).toThrow(/add more than/);
  });
});

describe('lists of type set and map', () => {
  it('must be unique', () => {
    const set = schemaNode({ type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } });
    expect(validateListTypes(['a', 'b', 'a', 'a'], set, 'l').map((e) => e.field)).toEqual(['l[2]']);
    const map = schemaNode({
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: object({ k: { type: 'string' } }),
    });
    const errors = validateListTypes([{ k: 1 }, { k: 1, v: 2 }], map, 'l');
    expect(errors).toEqual([{ type: 'FieldValueDuplicate', field: 'l[1]', value: { k: 1 }, detail: '' }]);
  });
});

describe('JSONPath of columns', () => {
  const root = {
    spec: {
      'a.b': 1,
      list: [
        { t: 'A', s: 1 },
        { t: 'B', s: 2 },
      ],
      m: { x: 1, y: 2 },
    },
  };
  it.each([
    ['.spec.list[0].t', ['A']],
    ['.spec.list[-1].t', ['B']],
    ['.spec.list[*].s', [1, 2]],
    ['.spec.list[0:1].s', [1]],
    [".spec['a.b']", [1]],
    ['.spec.a\\.b', [1]],
    ['.spec.list[?(@.t=="B")].s', [2]],
    ['.spec.list[?(@.s>1)].t', ['B']],
    ['.spec.m.*', [1, 2]],
    ['..s', [1, 2]],
    ['.spec.nope.x', []],
    ['.__proto__.x', []],
  ])('finds %s', (path, found) => {
    expect(parseJsonPath(path)(root)).toEqual(found);
  });
  it('refuses what it cannot read', () => {
    expect(() => parseJsonPath('.a[')).toThrow(/unterminated/);
    expect(() => parseJsonPath('.a[x y]')).toThrow(/invalid array index/);
  });
});

describe('the weight of a pattern', () => {
  it('counts repetitions as if they were written out', () => {
    expect(patternWeight('abc')).toBe(3);
    expect(patternWeight('(ab){100}')).toBe(300);
    expect(patternWeight('((a{10}){10}){10}')).toBeGreaterThan(1_000);
  });
});
