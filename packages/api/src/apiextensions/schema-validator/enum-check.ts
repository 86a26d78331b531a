import { deepEqual } from '@sampan/base';
import { notSupported } from '../../meta/field-error.ts';
import { canonical } from '../canonical.ts';
import type { Check } from './check.ts';

/** `enum`: the value is one of these, which may be lists and objects. */
export function enumCheck(values: readonly unknown[]): Check {
  const shown = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(canonical(value))));
  const scalars = new Set(values.filter((value) => typeof value !== 'object'));
  const others = values.filter((value) => typeof value === 'object' && value !== null);
  return (value, run) => {
    if (scalars.has(value) || (typeof value === 'object' && others.some((other) => deepEqual(other, value))))
      return;
    const name = run.path;
    const message = `${name} in body should be one of [${shown.join(' ')}]`;
    run.add({ name, message, toError: (field) => notSupported(field, canonical(value), shown) });
  };
}
