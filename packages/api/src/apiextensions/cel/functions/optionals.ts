import { Uint } from '../ast.ts';
import {
  ArrayList,
  CelError,
  type CelValue,
  Duration,
  isList,
  isMap,
  type ListValue,
  Optional,
} from '../values.ts';
import { items, type Row } from './row.ts';

function isZero(value: CelValue): boolean {
  if (value === null || value === false || value === '' || value === 0n || value === 0) return true;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Duration) return value.nanos === 0n;
  if (value instanceof Optional) return value.value === undefined;
  return (isList(value) || isMap(value)) && value.size === 0;
}

const unwrap = (optional: Optional): CelValue => {
  if (optional.value === undefined) throw new CelError('optional.none() dereference');
  return optional.value;
};
const unwrapAll = (list: ListValue): ListValue =>
  new ArrayList(
    items(list).flatMap((item) => (item instanceof Optional && item.value !== undefined ? [item.value] : [])),
  );

export const OPTIONALS: readonly Row[] = [
  ['optional.of', 'optional_of', '(A) optional<A>', (v: CelValue) => new Optional(v)],
  [
    'optional.ofNonZeroValue',
    'optional_ofNonZeroValue',
    '(A) optional<A>',
    (v: CelValue) => (isZero(v) ? Optional.NONE : new Optional(v)),
  ],
  ['optional.none', 'optional_none', '() optional<A>', () => Optional.NONE],
  ['optional.unwrap', 'optional_unwrap', '(list<optional<A>>) list<A>', unwrapAll],
  ['unwrapOpt', 'optional_unwrapOpt', 'list<optional<A>>.() list<A>', unwrapAll],
  ['value', 'optional_value', 'optional<A>.() A', unwrap],
  ['hasValue', 'optional_hasValue', 'optional<A>.() bool', (o: Optional) => o.value !== undefined],
  [
    'or',
    'optional_or_optional',
    'optional<A>.(optional<A>) optional<A>',
    (o: Optional, p: Optional) => (o.value === undefined ? p : o),
  ],
  ['orValue', 'optional_orValue_value', 'optional<A>.(A) A', (o: Optional, v: CelValue) => o.value ?? v],
];
