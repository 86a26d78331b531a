import type { Overload } from '../functions/row.ts';
import { type CelType, DYN, mapOf, sameType } from '../types.ts';
import type { Unification } from './unification.ts';

/** Overloads that a call may be: several when arguments are dynamic. */
interface Resolution {
  readonly overloads: readonly Overload[];
  /** dyn when they differ in it. */
  readonly result: CelType;
}

/**
 * Finds the overloads that take such arguments; a member's first one is its target. Variables of the
 * arguments are bound by it. Undefined: there is none. Source: cel-go checker/checker.go (resolveOverload).
 */
export function resolveOverloads(
  candidates: readonly Overload[],
  args: readonly CelType[],
  member: boolean,
  unification: Unification,
): Resolution | undefined {
  const overloads: Overload[] = [];
  let result: CelType | undefined;
  for (const overload of candidates) {
    if (overload.member !== member || overload.args.length !== args.length) continue;
    const instance = instantiate(overload, unification);
    if (!unification.assignAll(instance.args, args)) continue;
    overloads.push(overload);
    const type = unification.known(instance.result);
    if (result === undefined) result = type;
    else if (result.kind !== 'dyn' && !sameType(result, type)) result = DYN;
  }
  return result && { overloads, result };
}

/** Each call has type parameters of its own. */
function instantiate(overload: Overload, unification: Unification): { args: CelType[]; result: CelType } {
  const variables = new Map<string, CelType>();
  const replace = (type: CelType): CelType => {
    switch (type.kind) {
      case 'param': {
        let variable = variables.get(type.name);
        if (!variable) {
          variable = unification.newVariable();
          variables.set(type.name, variable);
        }
        return variable;
      }
      case 'list':
      case 'optional':
      case 'type':
        return { kind: type.kind, of: replace(type.of) };
      case 'map':
        return mapOf(replace(type.key), replace(type.value));
      default:
        return type;
    }
  };
  return { args: overload.args.map(replace), result: replace(overload.result) };
}
