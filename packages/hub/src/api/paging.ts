import { RegistryError } from '../errors/registry-error.ts';

/** How many entries one answer carries at most, also for a client that asks for more or for all. */
export const MAX_PAGE = 10_000;

export interface Page {
  readonly limit: number;
  /** The last entry of the page before; entries after it in byte order follow. */
  readonly last: string | undefined;
}

/**
 * `n` and `last` of a listing.
 * @throws RegistryError PAGINATION_NUMBER_INVALID when `n` is no whole number of 0 or more
 */
export function parsePage(query: URLSearchParams): Page {
  const n = query.get('n');
  if (n !== null && !/^\d{1,15}$/.test(n)) throw new RegistryError('PAGINATION_NUMBER_INVALID');
  return {
    limit: n === null ? MAX_PAGE : Math.min(Number(n), MAX_PAGE),
    last: query.get('last') ?? undefined,
  };
}

/** The `Link` header (RFC 8288) to what follows `last`; relative, so that it holds behind any proxy. */
export function nextLink(path: string, limit: number, last: string): string {
  const query = new URLSearchParams({ n: String(limit), last });
  return `<${path}?${query}>; rel="next"`;
}
