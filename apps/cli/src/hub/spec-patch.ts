/** A change of a spec, as a merge patch (RFC 7396): null takes a field away, and objects are merged. */
export type SpecPatch<T> = {
  readonly [Field in keyof T]?:
    | (NonNullable<T[Field]> extends readonly unknown[] ? T[Field] : SpecPatch<T[Field]>)
    | T[Field]
    | null;
};

/** What a patch makes of nothing. */
export const fromNothing = <T>(patch: SpecPatch<T>): Partial<T> => pruned(patch) as Partial<T>;

function pruned(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(kept.map(([name, field]) => [name, pruned(field)]));
}
