import type { UserInfo } from '../contract.ts';

/** A token that was accepted, and the audiences it holds for among those asked. */
export interface AuthenticatedToken {
  readonly user: UserInfo;
  readonly audiences: readonly string[];
}

/**
 * One kind of bearer token. Undefined when the token is not of that kind; throws a TokenError when it is but does
 * not hold.
 */
export interface TokenAuthenticator {
  authenticateToken(token: string, audiences: readonly string[]): AuthenticatedToken | undefined;
}

/** Why a token does not hold. Shown in TokenReviews only: other callers see `Unauthorized`. */
export class TokenError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TokenError';
  }
}
