import { type CelType, DYN, optionalOf } from '../types.ts';
import type { TypeIssues } from './type-issues.ts';
import type { Unification } from './unification.ts';

/** The type of `operand.field`, which stands at `pos`: of an optional value it is optional, too. */
export function fieldType(
  operand: CelType,
  field: string,
  pos: number,
  unification: Unification,
  issues: TypeIssues,
): CelType {
  const known = unification.known(operand);
  if (known.kind !== 'optional') return selected(known, field, pos, unification, issues);
  return optionalOf(selected(unification.known(known.of), field, pos, unification, issues));
}

function selected(
  target: CelType,
  field: string,
  pos: number,
  unification: Unification,
  issues: TypeIssues,
): CelType {
  switch (target.kind) {
    case 'map':
      return target.value;
    case 'object':
      return target.fields.get(field) ?? issues.report(pos, `undefined field '${field}'`);
    case 'param':
      // nothing is known of it yet
      unification.assign(target, DYN);
      return DYN;
    case 'dyn':
    case 'error':
      return DYN;
    default:
      return issues.report(pos, `type '${issues.shown(target)}' does not support field selection`);
  }
}
