import { type FieldError, invalid } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { IS_NEGATIVE } from '../validation/messages.ts';

type Counts = Readonly<Record<string, number | undefined>>;

/** Fields of a status that must not be negative. */
export function nonNegativeErrors(
  object: Counts | undefined,
  fields: readonly string[],
  path: string,
): FieldError[] {
  return fields.flatMap((name) => {
    const value = object?.[name] ?? 0;
    return value < 0 ? [invalid(`${path}.${name}`, value, IS_NEGATIVE)] : [];
  });
}

/** Counts of some of the replicas cannot exceed the count of all. */
export function notAboveErrors(
  status: Counts | undefined,
  fields: readonly string[],
  limit: string,
  detail: string,
): FieldError[] {
  const most = status?.[limit] ?? 0;
  return fields.flatMap((name) => {
    const value = status?.[name] ?? 0;
    return value > most ? [invalid(`status.${name}`, value, detail)] : [];
  });
}

/** Collisions of names are only counted up. */
export function collisionErrors(object: KubeObject, old: KubeObject): FieldError[] {
  const before: number | undefined = old.status?.collisionCount;
  const count: number | undefined = object.status?.collisionCount;
  if (before === undefined || (count !== undefined && count >= before)) return [];
  return [invalid('status.collisionCount', count ?? 0, 'cannot be decremented')];
}

/** Puts the old status back (or none): the main resource does not write it. */
export function keepStatus(object: KubeObject, old: KubeObject): void {
  if (old.status === undefined) delete object.status;
  else object.status = old.status;
}

/** Status writes leave the spec as it is. */
export function keepSpec(object: KubeObject, old: KubeObject): void {
  if (old.spec === undefined) delete object.spec;
  else object.spec = old.spec;
}
