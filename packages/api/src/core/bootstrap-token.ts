const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Is a bootstrap token's `expiration` over at `now` (milliseconds)? Without one it never is; a time that cannot be
 * read has passed (Kubernetes docs "Authenticating with Bootstrap Tokens").
 */
export function isBootstrapTokenExpired(expiration: string, now: number): boolean {
  if (expiration === '') return false;
  const time = RFC3339.test(expiration) ? Date.parse(expiration) : Number.NaN;
  return Number.isNaN(time) || time <= now;
}
