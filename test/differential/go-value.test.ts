import { describe, expect, it } from 'vitest';
import { endOfJson, goValues } from './go-value.ts';
import { rewordingOf } from './reworded.ts';

const valuesIn = (text: string) => goValues(text).map(([start, end]) => text.slice(start, end));

describe('Go values in messages', () => {
  it('are found whole, with what is nested in them', () => {
    expect(valuesIn('x: core.Taint{Key:"}", In:v1.A{B:[]string{"a"}}, P:(*int32)(nil)}: must')).toEqual([
      'core.Taint{Key:"}", In:v1.A{B:[]string{"a"}}, P:(*int32)(nil)}',
    ]);
    expect(valuesIn('(*int32)(nil) and []v1.A{v1.A{}}, &v1.B{}')).toEqual([
      '(*int32)(nil)',
      '[]v1.A{v1.A{}}',
      '&v1.B{}',
    ]);
    expect(valuesIn('spec.containers[0].name: Required value')).toEqual([]);
  });

  it('end where the JSON value ends that stands for them', () => {
    expect(
      ['{"a":"}\\""}: x', '"a": x', '[1,[2]] x', 'null: x', '-1.5: x', ': x'].map((t) => endOfJson(t, 0)),
    ).toEqual([11, 3, 7, 4, 4, 0]);
  });

  it('are taken for any JSON value, and the words around them to the letter', () => {
    const old = 'spec: Invalid value: core.Taint{Key:"a"}: is bad, b: Invalid value: v1.A{}: too';
    expect(
      rewordingOf(old, 'spec: Invalid value: {"key":"a"}: is bad, b: Invalid value: "x": too'),
    ).toBeDefined();
    expect(
      rewordingOf(old, 'spec: Invalid value: {"key":"a"}: is worse, b: Invalid value: "x": too'),
    ).toBeUndefined();
    expect(rewordingOf(old, 'spec: Invalid value: : is bad, b: Invalid value: "x": too')).toBeUndefined();
  });
});
