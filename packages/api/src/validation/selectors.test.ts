import { describe, expect, it } from 'vitest';
import { fieldErrorMessage } from '../meta/field-error.ts';
import { parseFieldSelector } from './field-selector.ts';
import {
  compileLabelSelector,
  EVERYTHING,
  matcherOfLabels,
  validateLabelSelector,
} from './label-selector.ts';
import { parseLabelSelector } from './selector-syntax.ts';

const text = (selector: string): string => parseLabelSelector(selector).toString();

describe('label selectors in queries', () => {
  it.each([
    ['', ''],
    ['x=a,y=b,z=c', 'x=a,y=b,z=c'],
    ['x!=a,y=b', 'x!=a,y=b'],
    ['x=', 'x='],
    ['x= ,z= ', 'x=,z='],
    ['!x', '!x'],
    ['x>1,z<5', 'x>1,z<5'],
    ['\rx', 'x'],
    ['x=a,a=x', 'a=x,x=a'],
    ['x  notin\t(abc,def)', 'x notin (abc,def)'],
    ['x in (abc,abc)', 'x in (abc)'],
    ['x in ()', 'x in ()'],
    ['x in (a,,a,,a,,)', 'x in (,a)'],
    ['x notin (abc,,def),bar,z in (),w', 'bar,w,x notin (,abc,def),z in ()'],
    ['x notin (, a)', 'x notin (,a)'],
    ['a in (x,y,notin, z,in)', 'a in (in,notin,x,y,z)'],
    [
      '0.1.2.domain/99 notin (10.10.100.1, tick.tack.clock)',
      '0.1.2.domain/99 notin (10.10.100.1,tick.tack.clock)',
    ],
  ])('reads %j as %j', (selector, expected) => {
    expect(text(selector)).toBe(expected);
  });

  it.each([
    ['x==a==b', "found '==', expected: ',' or 'end of string'"],
    ['!x=a', "found '=', expected: ',' or 'end of string'"],
    ['x,,y', "found ',', expected: identifier after ','"],
    [',x,y', "found ',', expected: !, identifier, or 'end of string'"],
    ['a in (xyz),', "found '', expected: identifier after ','"],
    ['x nott in (y)', "unable to parse requirement: found 'nott', expected: in, notin, =, ==, !=, gt, lt"],
    ['a in (xyz abc)', "unable to parse requirement: found 'abc', expected: ',' or ')'"],
    ['a notin(', "unable to parse requirement: found '', expected: ',', ')' or identifier"],
    ['(', "found '(', expected: !, identifier, or 'end of string'"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    [
      'x<a',
      "unable to parse requirement: values[0]: Invalid value: \"a\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
    [
      'x=a||y',
      "unable to parse requirement: values[0][x]: Invalid value: \"a||y\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  ])('refuses %j', (selector, message) => {
    expect(() => parseLabelSelector(selector)).toThrow(new Error(message));
  });

  it.each([
    ['', { x: 'y' }, true],
    ['x=y', { x: 'y' }, true],
    ['x=y,z=w', { x: 'y', z: 'w' }, true],
    ['x=y,z=w', { x: 'y' }, false],
    ['x!=y', {}, true],
    ['x!=y', { x: 'y' }, false],
    ['notin=in', { notin: 'in' }, true],
    ['x', { x: 'z' }, true],
    ['!x', { y: 'z' }, true],
    ['!x', { x: 'z' }, false],
    ['x in (a,b)', { x: 'b' }, true],
    ['x in (a,b)', {}, false],
    ['x notin (a,b)', {}, true],
    ['x>1', { x: '2' }, true],
    ['x>1', { x: '1' }, false],
    ['x<1', { x: '0' }, true],
    ['x<1', { x: 'a' }, false],
    ['constructor', {}, false],
    ['!constructor', {}, true],
  ])('%j on %j matches: %s', (selector, labels, expected) => {
    expect(parseLabelSelector(selector).matches(labels)).toBe(expected);
  });

  it('stays linear on long selectors', () => {
    const long = Array.from({ length: 20_000 }, (_, i) => `k${i}=v`).join(',');
    expect(parseLabelSelector(long).requirements).toHaveLength(20_000);
  });
});

describe('label selectors in objects', () => {
  it('matches nothing when null and everything when empty', () => {
    expect(compileLabelSelector(null).matches({ a: 'b' })).toBe(false);
    expect(compileLabelSelector({}).matches({ a: 'b' })).toBe(true);
    expect(EVERYTHING.empty).toBe(true);
  });

  it('matches labels and expressions together', () => {
    const matcher = compileLabelSelector({
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['a', 'b'] },
        { key: 'old', operator: 'DoesNotExist' },
      ],
    });
    expect(matcher.matches({ app: 'web', tier: 'a' })).toBe(true);
    expect(matcher.matches({ app: 'web', tier: 'a', old: '' })).toBe(false);
    expect(matcher.toString()).toBe('app=web,!old,tier in (a,b)');
  });

  it('makes a matcher of plain labels', () => {
    expect(matcherOfLabels({ b: '2', a: '1' }).toString()).toBe('a=1,b=2');
  });

  it.each([
    [
      { matchExpressions: [{ key: 'a', operator: 'In' }] },
      "s.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] },
      "s.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] },
      's.matchExpressions[0].operator: Invalid value: "Gt": not a valid selector operator',
    ],
  ])('refuses %j', (selector, message) => {
    expect(validateLabelSelector(selector, 's').map(fieldErrorMessage)).toEqual([message]);
  });
});

describe('field selectors', () => {
  it('reads terms with escapes', () => {
    expect(parseFieldSelector('a=b,c!=d,e==f\\,g').requirements).toEqual([
      { field: 'a', operator: '=', value: 'b' },
      { field: 'c', operator: '!=', value: 'd' },
      { field: 'e', operator: '=', value: 'f,g' },
    ]);
  });

  it.each([
    ['a', "invalid selector: 'a'; can't understand 'a'"],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
    ['a=\\x', 'invalid field selector: invalid escape sequence: \\x'],
  ])('refuses %j', (selector, message) => {
    expect(() => parseFieldSelector(selector)).toThrow(new Error(message));
  });

  it('matches by the values of fields', () => {
    const selector = parseFieldSelector('metadata.name=web,status.phase!=Failed');
    const of = (fields: Record<string, string>) => (field: string) => fields[field] ?? '';
    expect(selector.matches(of({ 'metadata.name': 'web', 'status.phase': 'Running' }))).toBe(true);
    expect(selector.matches(of({ 'metadata.name': 'web', 'status.phase': 'Failed' }))).toBe(false);
    expect(selector.matches(of({}))).toBe(false);
  });
});
