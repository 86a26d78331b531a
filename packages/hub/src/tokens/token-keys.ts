import { randomUUID } from 'node:crypto';
import type { Clock } from '@sampan/base';
import { type CryptoKey, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { Access } from './scope.ts';

/** One elliptic curve algorithm only: what a token says of its own algorithm is never believed. */
const ALGORITHM = 'ES256';

/** How far clocks of signer and checker may differ. */
const SKEW_MS = 60_000;

/** Signatures that were found good are remembered, of so many tokens: a client brings the same one with each request. */
const MOST_VERIFIED = 2000;

interface Verified {
  readonly token: Token;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
}

interface TokenKeysOptions {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** The registry's name in `service`, and the audience of its tokens. */
  readonly service: string;
  readonly clock: Clock;
}

export type TokenUse = 'access' | 'refresh';

interface TokenContent {
  /** Empty: anonymous. */
  readonly subject: string;
  readonly use: TokenUse;
  readonly seconds: number;
  readonly claims: JWTPayload;
}

export interface Token {
  readonly subject: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
  readonly claims: JWTPayload;
}

/** Signs the registry's tokens and checks them offline (RFC 7519, ES256). */
export class TokenKeys {
  readonly service: string;
  readonly #options: TokenKeysOptions;
  readonly #verified = new Map<string, Verified>();

  constructor(options: TokenKeysOptions) {
    this.service = options.service;
    this.#options = options;
  }

  async sign({ subject, use, seconds, claims }: TokenContent): Promise<string> {
    const now = Math.floor(this.#options.clock.now() / 1000);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setIssuer(this.service)
      .setAudience(this.#audience(use))
      .setSubject(subject)
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + seconds)
      .setJti(randomUUID())
      .sign(this.#options.privateKey);
  }

  /** The token as it was signed for `use` and is valid at `at` (milliseconds); undefined: it is not. */
  async check(text: string, use: TokenUse, at: number): Promise<Token | undefined> {
    const key = `${use} ${text}`;
    const verified = this.#verified.get(key) ?? (await this.#verify(text, use, at));
    if (!verified) return undefined;
    const { token, notBefore } = verified;
    if (at >= token.expires + SKEW_MS || at < notBefore - SKEW_MS) return undefined;
    this.#remember(key, verified);
    return token;
  }

  #remember(key: string, verified: Verified): void {
    if (this.#verified.has(key)) return;
    const [oldest] = this.#verified.keys();
    if (this.#verified.size >= MOST_VERIFIED && oldest !== undefined) this.#verified.delete(oldest);
    this.#verified.set(key, verified);
  }

  async #verify(text: string, use: TokenUse, at: number): Promise<Verified | undefined> {
    try {
      const { payload } = await jwtVerify(text, this.#options.publicKey, {
        algorithms: [ALGORITHM],
        issuer: this.service,
        audience: this.#audience(use),
        currentDate: new Date(at),
        clockTolerance: SKEW_MS / 1000,
        requiredClaims: ['exp', 'nbf', 'sub'],
      });
      const { sub = '', exp = 0, nbf = 0 } = payload;
      return { token: { subject: sub, expires: exp * 1000, claims: payload }, notBefore: nbf * 1000 };
    } catch (thrown) {
      if (thrown instanceof errors.JOSEError) return undefined;
      throw thrown;
    }
  }

  /** A refresh token is none for the registry itself. */
  #audience(use: TokenUse): string {
    return use === 'access' ? this.service : `${this.service}#refresh`;
  }
}

/** The `access` claim of an access token. */
export function accessOf(token: Token): readonly Access[] {
  return Array.isArray(token.claims.access) ? (token.claims.access as Access[]) : [];
}
