import { CelError } from './values.ts';

interface Clause {
  /** Names of the types that literal arguments may have. */
  readonly types: ReadonlySet<string>;
  readonly problem: string;
}

const INTEGERS = ['int', 'uint'];
const HEX: Clause = {
  types: new Set([...INTEGERS, 'string', 'bytes']),
  problem: 'only integers, byte buffers, and strings can be formatted as hex',
};
/** Texts may be NaN and the infinities. */
const FLOATS: ReadonlySet<string> = new Set(['double', 'string']);

const CLAUSES: ReadonlyMap<string, Clause> = new Map([
  [
    's',
    {
      types: new Set([
        ...[...INTEGERS, 'double', 'bool', 'string', 'bytes', 'list', 'map', 'type', 'null_type'],
        ...['google.protobuf.Timestamp', 'google.protobuf.Duration'],
      ]),
      problem:
        'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
    },
  ],
  ['d', { types: new Set(INTEGERS), problem: 'decimal clause can only be used on integers' }],
  ['f', { types: FLOATS, problem: 'fixed-point clause can only be used on doubles' }],
  ['e', { types: FLOATS, problem: 'scientific clause can only be used on doubles' }],
  [
    'b',
    { types: new Set([...INTEGERS, 'bool']), problem: 'only integers and bools can be formatted as binary' },
  ],
  ['o', { types: new Set(INTEGERS), problem: 'octal clause can only be used on integers' }],
  ['x', HEX],
  ['X', HEX],
]);

/** Can the clause be used on such values, as far as it is known before the rule runs? */
export const isSuitable = (verb: string, type: string): boolean =>
  CLAUSES.get(verb)?.types.has(type) === true;

export const unsuitable = (verb: string, type: string): CelError =>
  new CelError(`error during formatting: ${CLAUSES.get(verb)?.problem}, was given ${type}`);

const DEFAULT_DIGITS = 6;

/**
 * Replaces the clauses of a text: %s %d %f %e %b %x %X %o, with `.digits` before the letter; %% is a percent
 * sign. Throws CelError for those that are none, and when there are not as many as arguments. Source: cel-go
 * ext/formatting.go.
 */
export function interpolate(
  text: string,
  count: number,
  replace: (verb: string, digits: number, index: number) => string,
): string {
  let next = 0;
  const out = text.replace(
    /%(?:%|(?:\.(\d*))?([\s\S]?))/g,
    (all, precision: string | undefined, verb: string | undefined) => {
      if (all === '%%') return '%';
      if (all === '%') throw new CelError('unexpected end of string');
      if (next >= count) throw new CelError(`index ${next} out of range`);
      const problem = clauseProblem(precision, verb ?? '');
      if (problem !== undefined) throw new CelError(`could not parse formatting clause: ${problem}`);
      return replace(verb ?? '', precision ? Number(precision) : DEFAULT_DIGITS, next++);
    },
  );
  if (next < count)
    throw new CelError(`too many arguments supplied to string.format (expected ${next}, got ${count})`);
  return out;
}

function clauseProblem(precision: string | undefined, verb: string): string | undefined {
  const inPrecision = 'error while parsing precision';
  if (precision !== undefined && verb === '')
    return `${inPrecision}: could not find end of precision specifier`;
  if (precision === '')
    return `${inPrecision}: error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax`;
  return CLAUSES.has(verb) ? undefined : `unrecognized formatting clause "${verb}"`;
}
