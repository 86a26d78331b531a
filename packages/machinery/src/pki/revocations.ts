/** All certificates of a user up to a time: they are believed no more, though they have not ended. */
export interface Revocation {
  readonly user: string;
  /** RFC 3339; those that were made up to then. */
  readonly until: string;
}

/** Certificates that are believed no more, by whom they name and when they were made: nobody lists what was issued. */
export class Revocations {
  /** By user, milliseconds since the epoch. */
  readonly #times = new Map<string, number>();

  constructor(list: readonly Revocation[] = []) {
    for (const { user, until } of list)
      this.#times.set(user, Math.max(Date.parse(until), this.#times.get(user) ?? 0));
  }

  /** `issuedAt`: milliseconds since the epoch; absent: as long ago as can be. */
  has({ commonName, issuedAt = 0 }: { readonly commonName: string; readonly issuedAt?: number }): boolean {
    const until = this.#times.get(commonName);
    return until !== undefined && issuedAt <= until;
  }
}

/** Of each user the latest; those of `more` added. */
export function addRevocations(
  list: readonly Revocation[],
  more: readonly Revocation[],
): readonly Revocation[] {
  const latest = new Map<string, Revocation>();
  for (const each of [...list, ...more]) {
    const known = latest.get(each.user);
    if (!known || Date.parse(known.until) < Date.parse(each.until)) latest.set(each.user, each);
  }
  return [...latest.values()];
}
