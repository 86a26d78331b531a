import { type CelType, DYN, mapOf, sameType } from '../types.ts';

/**
 * Finds what type variables (`param`) stand for, as values are assigned to them. Bindings only grow, but for
 * an assignment that fails, which leaves none behind. Source: cel-go checker/types.go (isAssignable), mapping.go.
 */
export class Unification {
  readonly #bound = new Map<string, CelType>();
  /** What was bound, in its order, and what to before: to take it back. */
  readonly #trail: [string, CelType | undefined][] = [];
  #fresh = 0;

  newVariable(): CelType {
    return { kind: 'param', name: `_var${this.#fresh++}` };
  }

  /** The type as far as it is known now; with variables that nothing is known of. */
  known(type: CelType): CelType {
    return this.#substitute(type, false);
  }
  /** The type when no more will be known: variables that nothing is known of are dyn. */
  settled(type: CelType): CelType {
    return this.#substitute(type, true);
  }

  /** Whether `to` can have a value of the type `from`; binds variables of both. */
  assign(to: CelType, from: CelType): boolean {
    return this.assignAll([to], [from]);
  }
  /** Both lists are of the same length. */
  assignAll(to: readonly CelType[], from: readonly CelType[]): boolean {
    const start = this.#trail.length;
    for (let i = 0; i < to.length; i++) {
      if (this.#unify(to[i] as CelType, from[i] as CelType)) continue;
      this.#undo(start);
      return false;
    }
    return true;
  }

  /** One type for both, of elements of a list or map; undefined: there is none. */
  join(previous: CelType, current: CelType): CelType | undefined {
    if (!this.assign(previous, current)) return undefined;
    return this.known(previous).kind === 'dyn' ? previous : mostGeneral(previous, current);
  }

  #substitute(type: CelType, final: boolean): CelType {
    switch (type.kind) {
      case 'param': {
        const known = this.#walk(type).type;
        if (known.kind !== 'param') return this.#substitute(known, final);
        return final ? DYN : known;
      }
      case 'list':
      case 'optional':
      case 'type':
        return { kind: type.kind, of: this.#substitute(type.of, final) };
      case 'map':
        return mapOf(this.#substitute(type.key, final), this.#substitute(type.value, final));
      default:
        return type;
    }
  }

  #bind(name: string, type: CelType): void {
    this.#trail.push([name, this.#bound.get(name)]);
    this.#bound.set(name, type);
  }

  #undo(start: number): void {
    while (this.#trail.length > start) {
      const [name, before] = this.#trail.pop() as [string, CelType | undefined];
      if (before === undefined) this.#bound.delete(name);
      else this.#bound.set(name, before);
    }
  }

  #unify(to: CelType, from: CelType): boolean {
    const a = this.#walk(to);
    const b = this.#walk(from);
    if (a.type.kind === 'param' || b.type.kind === 'param') return this.#unifyVariable(a.type, b.type);
    if (!this.#assignable(a.type, b.type)) return false;
    // a more general type than the one bound so far replaces it
    if (a.variable !== undefined && b.type.kind === 'dyn') this.#bind(a.variable, DYN);
    if (b.variable !== undefined && a.type.kind === 'dyn') this.#bind(b.variable, DYN);
    return true;
  }

  /** Follows variables to what they are bound to; `variable` is the last one on the way. */
  #walk(start: CelType): { type: CelType; variable: string | undefined } {
    let type = start;
    let variable: string | undefined;
    while (type.kind === 'param') {
      const bound = this.#bound.get(type.name);
      if (!bound) break;
      variable = type.name;
      type = bound;
    }
    return { type, variable };
  }

  #assignable(to: CelType, from: CelType): boolean {
    if (to === from || isAny(to) || isAny(from)) return true;
    if (to.kind === 'null' || from.kind === 'null') {
      return to.kind === from.kind || NULLABLE.has(to.kind) || NULLABLE.has(from.kind);
    }
    if (to.kind !== from.kind) return false;
    switch (to.kind) {
      case 'list':
      case 'optional':
        return this.#unify(to.of, (from as typeof to).of);
      case 'map':
        return (
          this.#unify(to.key, (from as typeof to).key) && this.#unify(to.value, (from as typeof to).value)
        );
      case 'object':
        return to.fields === (from as typeof to).fields;
      default:
        return true;
    }
  }

  /** One of them is a variable that nothing is known of. */
  #unifyVariable(to: CelType, from: CelType): boolean {
    // of two variables the newer one is bound, or chains of them would grow with each element of a list
    const variable = (from.kind === 'param' ? from : to) as CelType & { kind: 'param' };
    const other = from.kind === 'param' ? to : from;
    if (other.kind === 'param' && other.name === variable.name) return true;
    if (this.#occurs(variable.name, other)) return false;
    this.#bind(variable.name, other);
    return true;
  }

  /** A variable cannot be a list of itself. */
  #occurs(name: string, type: CelType): boolean {
    const known = this.known(type);
    if (known.kind === 'param') return known.name === name;
    if (known.kind === 'list' || known.kind === 'optional' || known.kind === 'type')
      return this.#occurs(name, known.of);
    return known.kind === 'map' && (this.#occurs(name, known.key) || this.#occurs(name, known.value));
  }
}

const isAny = (type: CelType): boolean => type.kind === 'dyn' || type.kind === 'error';

/** Kinds that null may stand for. */
const NULLABLE: ReadonlySet<string> = new Set([
  'duration',
  'timestamp',
  'object',
  'optional',
  'net.IP',
  'net.CIDR',
  'kubernetes.Quantity',
  'kubernetes.URL',
  'kubernetes.Semver',
  'kubernetes.NamedFormat',
]);

const mostGeneral = (a: CelType, b: CelType): CelType => (isAsGeneral(a, b) ? a : b);

/** cel-go's isEqualOrLessSpecific. */
function isAsGeneral(a: CelType, b: CelType): boolean {
  if (a.kind === 'dyn' || a.kind === 'param') return true;
  if (b.kind === 'dyn' || b.kind === 'param' || a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'list':
    case 'optional':
      return isAsGeneral(a.of, (b as typeof a).of);
    case 'map':
      return isAsGeneral(a.key, (b as typeof a).key) && isAsGeneral(a.value, (b as typeof a).value);
    case 'type':
      return true;
    default:
      return sameType(a, b);
  }
}
