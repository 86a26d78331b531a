import { deepFreeze } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import { StatusError } from '../meta/status.ts';
import { applyJsonPatch, jsonPatchUnknownFields, MAX_JSON_PATCH_OPERATIONS } from './json-patch.ts';

type Case = readonly [name: string, object: object, patch: readonly object[], result: unknown];

/** RFC 6902 appendix A, as far as API objects can show it, and upstream's leniences. */
const applies: readonly Case[] = [
  [
    'A.1 adds an object member',
    { foo: 'bar' },
    [{ op: 'add', path: '/baz', value: 'qux' }],
    { baz: 'qux', foo: 'bar' },
  ],
  [
    'A.2 adds an array element',
    { foo: ['bar', 'baz'] },
    [{ op: 'add', path: '/foo/1', value: 'qux' }],
    { foo: ['bar', 'qux', 'baz'] },
  ],
  [
    'A.3 removes an object member',
    { baz: 'qux', foo: 'bar' },
    [{ op: 'remove', path: '/baz' }],
    { foo: 'bar' },
  ],
  [
    'A.4 removes an array element',
    { foo: ['bar', 'qux', 'baz'] },
    [{ op: 'remove', path: '/foo/1' }],
    { foo: ['bar', 'baz'] },
  ],
  [
    'A.5 replaces a value',
    { baz: 'qux', foo: 'bar' },
    [{ op: 'replace', path: '/baz', value: 'boo' }],
    { baz: 'boo', foo: 'bar' },
  ],
  [
    'A.6 moves a value',
    { foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } },
    [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }],
    { foo: { bar: 'baz' }, qux: { corge: 'grault', thud: 'fred' } },
  ],
  [
    'A.7 moves an array element',
    { foo: ['all', 'grass', 'cows', 'eat'] },
    [{ op: 'move', from: '/foo/1', path: '/foo/3' }],
    { foo: ['all', 'cows', 'eat', 'grass'] },
  ],
  [
    'A.8 tests values',
    { baz: 'qux', foo: ['a', 2, 'c'] },
    [
      { op: 'test', path: '/baz', value: 'qux' },
      { op: 'test', path: '/foo/1', value: 2 },
    ],
    { baz: 'qux', foo: ['a', 2, 'c'] },
  ],
  [
    'A.10 adds a nested member object',
    { foo: 'bar' },
    [{ op: 'add', path: '/child', value: { grandchild: {} } }],
    { foo: 'bar', child: { grandchild: {} } },
  ],
  [
    'A.11 ignores unrecognized elements',
    { foo: 'bar' },
    [{ op: 'add', path: '/baz', value: 'qux', xyz: 123 }],
    { foo: 'bar', baz: 'qux' },
  ],
  [
    'A.14 unescapes ~01',
    { '/': 9, '~1': 10 },
    [{ op: 'test', path: '/~01', value: 10 }],
    { '/': 9, '~1': 10 },
  ],
  [
    'A.16 adds an array value at the end',
    { foo: ['bar'] },
    [{ op: 'add', path: '/foo/-', value: ['abc', 'def'] }],
    { foo: ['bar', ['abc', 'def']] },
  ],
  ['unescapes ~1', { a: { 'x/y': 1 } }, [{ op: 'replace', path: '/a/x~1y', value: 2 }], { a: { 'x/y': 2 } }],
  ['adds a missing key by replace', { a: {} }, [{ op: 'replace', path: '/a/b', value: 1 }], { a: { b: 1 } }],
  [
    'counts negative indices from the end',
    { a: [1, 2, 3] },
    [{ op: 'remove', path: '/a/-1' }],
    { a: [1, 2] },
  ],
  ['tests null of a missing key', { a: 1 }, [{ op: 'test', path: '/b', value: null }], { a: 1 }],
  [
    'copies',
    { a: { b: [1] } },
    [
      { op: 'copy', from: '/a', path: '/c' },
      { op: 'add', path: '/c/b/-', value: 2 },
    ],
    { a: { b: [1] }, c: { b: [1, 2] } },
  ],
  ['replaces the whole document', { a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
  ['does nothing for an empty patch', { a: 1 }, [], { a: 1 }],
];

const fails: readonly (readonly [name: string, object: object, patch: readonly object[]])[] = [
  ['A.9 a failing test', { baz: 'qux' }, [{ op: 'test', path: '/baz', value: 'bar' }]],
  ['A.12 adding below what is not there', { foo: 'bar' }, [{ op: 'add', path: '/baz/bat', value: 'qux' }]],
  ['A.15 a string for a number', { '/': 9 }, [{ op: 'test', path: '/~1', value: '9' }]],
  ['removing a missing key', { a: 1 }, [{ op: 'remove', path: '/b' }]],
  ['an index out of bounds', { a: [1] }, [{ op: 'add', path: '/a/2', value: 1 }]],
  ['an index that is none', { a: [1] }, [{ op: 'replace', path: '/a/x', value: 1 }]],
  ['a path through a scalar', { a: 1 }, [{ op: 'add', path: '/a/b', value: 1 }]],
  ['inherited names', {}, [{ op: 'add', path: '/constructor/x', value: 1 }]],
  ['the prototype', {}, [{ op: 'add', path: '/__proto__/polluted', value: 1 }]],
];

function statusOf(run: () => unknown): StatusError {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('expected a StatusError');
}

describe('JSON patch', () => {
  it.each(applies)('%s', (_, object, patch, result) => {
    expect(applyJsonPatch(deepFreeze(object), deepFreeze(patch))).toEqual(result);
  });

  it.each(fails)('is rejected with 422: %s', (_, object, patch) => {
    const { status } = statusOf(() => applyJsonPatch(deepFreeze(object), deepFreeze(patch)));
    expect(status).toMatchObject({
      code: 422,
      reason: 'Invalid',
      message: 'the server rejected our request due to an error in our request',
      details: {},
    });
  });

  it.each([
    ['{"op":"increment","path":"/a"}', 'unsupported operation'],
    ['{"path":"/a"}', 'unsupported operation'],
    ['null', 'unsupported operation'],
    ['{"op":"remove"}', "failed to decode 'path': operation missing path field: missing value"],
    ['{"op":"move","path":"/b"}', "failed to decode 'from': operation, missing from field: missing value"],
    ['{"op":"add","path":"/b"}', "failed to decode 'value': operation, missing value field: missing value"],
  ])('is a bad request with the operation %s', (operation, problem) => {
    const patch = [{ op: 'test', path: '/none', value: 1 }, JSON.parse(operation)];
    expect(statusOf(() => applyJsonPatch({}, patch)).status).toMatchObject({
      code: 400,
      message: `invalid operation ${operation}: ${problem}`,
    });
  });

  it('shares what it does not touch', () => {
    const object = deepFreeze({ a: { b: 1 }, c: { d: [1] } });
    const result = applyJsonPatch(object, [{ op: 'add', path: '/a/x', value: 2 }]);
    expect(result.c).toBe(object.c);
    expect(object.a).toEqual({ b: 1 });
  });

  it('answers 400 to what is no list of operations', () => {
    expect(statusOf(() => applyJsonPatch({}, { op: 'add' })).status).toMatchObject({
      code: 400,
      message:
        'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    });
    expect(statusOf(() => applyJsonPatch({}, [{ op: 1 }])).code).toBe(400);
    expect(statusOf(() => applyJsonPatch({}, ['add'])).code).toBe(400);
  });

  it('answers 413 to more than ten thousand operations', () => {
    const operation = { op: 'add', path: '/a', value: 1 };
    const patch = new Array(MAX_JSON_PATCH_OPERATIONS).fill(operation);
    expect(applyJsonPatch({}, patch)).toEqual({ a: 1 });
    expect(statusOf(() => applyJsonPatch({}, [...patch, operation])).status).toMatchObject({
      code: 413,
      message: 'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
    });
  });

  it('does not let copies double an object without bound', () => {
    const patch = Array.from({ length: 60 }, (_, i) => ({ op: 'copy', from: '', path: `/x${i}` }));
    const patchBelow = [{ op: 'add', path: '/a', value: { text: 'x'.repeat(100) } }];
    for (let i = 0; i < 60; i++) patchBelow.push({ op: 'copy', from: '/a', path: `/a/c${i}` } as never);
    expect(statusOf(() => applyJsonPatch({}, patch)).code).toBe(422);
    expect(statusOf(() => applyJsonPatch({}, patchBelow)).code).toBe(422);
  });

  it('is quick or refused on a huge list', () => {
    const list = new Array(300_000).fill(0);
    const patch = new Array(MAX_JSON_PATCH_OPERATIONS).fill({ op: 'add', path: '/list/0', value: 1 });
    const start = performance.now();
    expect(statusOf(() => applyJsonPatch({ list }, patch)).code).toBe(422);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it('takes __proto__ for a plain key', () => {
    const value = { polluted: true };
    const result = applyJsonPatch({ data: {} }, [{ op: 'add', path: '/data/__proto__', value }]);
    expect(Object.getOwnPropertyNames(result.data)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('names unknown fields of operations', () => {
    expect(jsonPatchUnknownFields([{ op: 'add', path: '/a', extra: 1 }])).toEqual([
      'json patch unknown field "[0].extra"',
    ]);
  });
});
