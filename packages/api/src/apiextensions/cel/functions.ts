import { AUTHORIZATION } from './functions/authorization.ts';
import { CONVERSIONS } from './functions/conversions.ts';
import { formatRows, KUBERNETES } from './functions/kubernetes.ts';
import { LISTS, listRows } from './functions/lists.ts';
import { ARITHMETIC, comparisons, LOGIC } from './functions/operators.ts';
import { OPTIONALS } from './functions/optionals.ts';
import type { Overload, Row } from './functions/row.ts';
import { STRINGS } from './functions/text.ts';
import { timeRows } from './functions/times.ts';
import { readType } from './types.ts';

/** All functions and operators by name, with their overloads in upstream's order. */
export const FUNCTIONS: ReadonlyMap<string, readonly Overload[]> = build([
  ...LOGIC,
  ...ARITHMETIC,
  ...comparisons(),
  ...CONVERSIONS,
  ...STRINGS,
  ...timeRows(),
  ...listRows(),
  ...LISTS,
  ...OPTIONALS,
  ...KUBERNETES,
  ...AUTHORIZATION,
  ...formatRows(),
]);

function build(rows: readonly Row[]): Map<string, Overload[]> {
  const functions = new Map<string, Overload[]>();
  for (const [name, id, signature, run] of rows) {
    const match = /^(?:(.+)\.)?\((.*)\) (.+)$/.exec(signature);
    const target = match?.[1];
    const args = split(match?.[2] ?? '').map(readType);
    const overload: Overload = {
      id,
      member: target !== undefined,
      args: target === undefined ? args : [readType(target), ...args],
      result: readType(match?.[3] ?? 'dyn'),
      run,
    };
    const list = functions.get(name);
    if (list) list.push(overload);
    else functions.set(name, [overload]);
  }
  return functions;
}

function split(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const c of list) {
    if (c === ',' && depth === 0) {
      parts.push(part);
      part = '';
      continue;
    }
    if (c === '<') depth++;
    if (c === '>') depth--;
    part += c;
  }
  return part === '' ? parts : [...parts, part];
}
