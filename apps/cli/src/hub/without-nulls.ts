/** What a merge patch takes away was never there in what is new. */
export const withoutNulls = <T extends object>(
  patch: { readonly [K in keyof T]?: T[K] | null },
): Partial<T> =>
  Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== null)) as Partial<T>;
