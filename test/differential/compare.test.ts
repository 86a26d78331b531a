import { describe, expect, it } from 'vitest';
import { compareAnswers, matchesPath, matchesText } from './compare.ts';
import { reasonOf } from './known.ts';
import type { Answer, Json } from './step.ts';

const answer = (body: Json, status = 200): Answer => ({ status, headers: {}, body });

describe('compareAnswers', () => {
  it('finds nothing in equal answers, whatever the order of members', () => {
    expect(compareAnswers(answer({ a: 1, b: [1] }), answer({ b: [1], a: 1 }))).toEqual([]);
  });

  it('names the place of a changed, added and removed value', () => {
    expect(compareAnswers(answer({ a: { 'x/y': 1 }, b: 1 }), answer({ a: { 'x/y': 2 }, c: null }))).toEqual([
      { path: '/body/a/x~1y', expected: 1, actual: 2 },
      { path: '/body/b', expected: 1, actual: undefined },
      { path: '/body/c', expected: undefined, actual: null },
    ]);
  });

  it('tells a list from an object and a null from an absence', () => {
    expect(compareAnswers(answer([]), answer({}))).toHaveLength(1);
    expect(compareAnswers(answer({ a: null }), answer({}))).toHaveLength(1);
  });

  it('joins what a manager wrote through subresources when the oracle does not know of them', () => {
    const entry = (fields: Json, more = {}): Json => ({
      ...{ manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsV1: fields },
      ...more,
    });
    const fields = (...managedFields: Json[]): Json => ({ metadata: { managedFields } });
    const ours = answer(fields(entry({ a: {} }), entry({ b: { c: {} } }, { subresource: 'status' })));
    expect(compareAnswers(answer(fields(entry({ a: {}, b: { c: {} } }))), ours)).toEqual([]);
    expect(compareAnswers(answer(fields(entry({ a: {}, b: {} }))), ours)).toHaveLength(1);
  });

  it('takes causes that are named again for one', () => {
    const causes = (...list: string[]): Json => ({ details: { causes: list } });
    expect(compareAnswers(answer(causes('a', 'a', 'b')), answer(causes('a', 'b')))).toEqual([]);
    expect(compareAnswers(answer(causes('a', 'a')), answer(causes('a', 'b')))).toHaveLength(1);
  });

  it('is not fooled by members named like those of every object', () => {
    expect(compareAnswers(answer(JSON.parse('{"__proto__":{"a":1}}')), answer({}))).toHaveLength(1);
    expect(compareAnswers(answer({}), answer({ constructor: 'x' }))).toHaveLength(1);
  });

  it('compares field managers by name, not by place', () => {
    const one = { manager: 'one', operation: 'Update', apiVersion: 'v1', fieldsV1: { 'f:a': {} } };
    const two = { ...one, manager: 'two' };
    const body = (...managedFields: Json[]) => answer({ metadata: { managedFields } });
    expect(compareAnswers(body(one, two), body(two, one))).toEqual([]);
    expect(compareAnswers(body(one), body(one, two))).toHaveLength(1);
  });
});

describe('matchesPath', () => {
  it('lets * stand in one part and ** for many', () => {
    expect(matchesPath('/a/*/c', '/a/b/c')).toBe(true);
    expect(matchesPath('/a/*/c', '/a/b/b/c')).toBe(false);
    expect(matchesPath('/**/c', '/a/b/c')).toBe(true);
    expect(matchesPath('/a/**', '/a')).toBe(true);
    expect(matchesPath('/a/b*', '/a/bc')).toBe(true);
  });

  it('matches texts by their fixed parts in order', () => {
    expect(matchesText('a*c', 'abc')).toBe(true);
    expect(matchesText('a*c', 'ab')).toBe(false);
    expect(matchesText('*', '')).toBe(true);
    expect(matchesText('aa*aa', 'aaa')).toBe(false);
  });
});

describe('reasonOf', () => {
  const asked = (expected: Answer, actual: Answer) =>
    compareAnswers(expected, actual).map((difference) =>
      reasonOf({ corpus: 'core', step: 's/x', expected, actual }, difference),
    );

  it('allows a message in the words of today, and only those', () => {
    const old = answer({ message: 'a: Too long: must have at most 5 bytes' }, 422);
    expect(asked(old, answer({ message: 'a: Too long: may not be more than 5 bytes' }, 422))[0]).toMatch(
      /reworded/,
    );
    expect(asked(old, answer({ message: 'a: Too long: may not be more than 6 bytes' }, 422))).toEqual([
      undefined,
    ]);
  });

  it('allows a 4xx, but no success, where upstream fails', () => {
    expect(asked(answer('x', 500), answer('y', 400))).not.toContain(undefined);
    expect(asked(answer('x', 500), answer('y', 200))).toContain(undefined);
  });

  it('allows a newer field to be there but not to be missing', () => {
    const field = { spec: { internalTrafficPolicy: 'Cluster' } };
    expect(asked(answer({ spec: {} }), answer(field))).not.toContain(undefined);
    expect(asked(answer(field), answer({ spec: {} }))).toEqual([undefined]);
  });
});
