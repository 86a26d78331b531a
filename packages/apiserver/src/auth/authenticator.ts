import { errors } from '@sampan/api';
import { aggregateErrors } from './authorizer-union.ts';
import { userOfCertificate } from './client-certificate.ts';
import type { Authenticator, ClientCertificate, Credentials, UserInfo } from './contract.ts';
import {
  type AuthenticatedToken,
  type TokenAuthenticator,
  TokenError,
} from './tokens/token-authenticator.ts';
import { GROUP, USER } from './users.ts';

export interface AuthenticatorOptions {
  readonly tokens: readonly TokenAuthenticator[];
  /** Of this API server: what a token must hold for. */
  readonly audiences: readonly string[];
  /** Requests without credentials are of system:anonymous; else they are refused. Default true. */
  readonly anonymous?: boolean;
  /** Certificates that are believed no more, asked at each request. Default: none. */
  readonly isRevoked?: (certificate: ClientCertificate) => boolean;
}

const ANONYMOUS: UserInfo = Object.freeze({
  name: USER.anonymous,
  groups: Object.freeze([GROUP.unauthenticated]),
});

/**
 * Who asks: by client certificate, else by bearer token, else anonymous (Kubernetes docs "Authenticating").
 * Everyone known is also in `system:authenticated`.
 */
export class ClusterAuthenticator implements Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #certificates = new WeakMap<ClientCertificate, UserInfo>();
  readonly #users = new WeakMap<UserInfo, UserInfo>();

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  authenticate(credentials: Credentials): UserInfo {
    const user = credentials.certificate && this.#byCertificate(credentials.certificate);
    if (user) return user;
    if (credentials.token !== undefined && credentials.token !== '') {
      try {
        return this.authenticateToken(credentials.token).user;
      } catch (error) {
        if (error instanceof TokenError) throw errors.unauthorized();
        throw error;
      }
    }
    if (this.#options.anonymous === false) throw errors.unauthorized();
    return ANONYMOUS;
  }

  /** Throws a TokenError that says why the token does not hold. Default audiences: this API server's. */
  authenticateToken(
    token: string,
    audiences: readonly string[] = this.#options.audiences,
  ): AuthenticatedToken {
    const reasons: string[] = [];
    for (const authenticator of this.#options.tokens) {
      try {
        const found = authenticator.authenticateToken(token, audiences);
        if (found) return { user: this.#withAuthenticated(found.user), audiences: found.audiences };
      } catch (error) {
        if (!(error instanceof TokenError)) throw error;
        reasons.push(error.message);
      }
    }
    throw new TokenError(aggregateErrors(['invalid bearer token', ...reasons]));
  }

  #byCertificate(certificate: ClientCertificate): UserInfo | undefined {
    if (this.#options.isRevoked?.(certificate)) throw errors.unauthorized();
    let user = this.#certificates.get(certificate);
    if (user) return user;
    const named = userOfCertificate(certificate);
    if (!named) return undefined;
    user = this.#withAuthenticated(named);
    this.#certificates.set(certificate, user);
    return user;
  }

  #withAuthenticated(user: UserInfo): UserInfo {
    let full = this.#users.get(user);
    if (!full) {
      full =
        user.name === USER.anonymous ||
        user.groups.some((group) => group === GROUP.authenticated || group === GROUP.unauthenticated)
          ? user
          : { ...user, groups: [...user.groups, GROUP.authenticated] };
      this.#users.set(user, full);
    }
    return full;
  }
}
