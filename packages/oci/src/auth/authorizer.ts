import { OciError } from '../errors.ts';
import type { Transport } from '../http/transport.ts';
import { parseChallenges } from './challenge.ts';
import { basicHeader, type Credentials } from './credentials.ts';
import { fetchToken, type Token, type TokenService } from './token-client.ts';

export interface AuthorizerOptions {
  readonly transport: Transport;
  readonly origin: URL;
  readonly credentials: Credentials | undefined;
  /** Where tokens are got whatever the challenge says, for example by a client certificate. */
  readonly tokens?: { readonly realm: URL; readonly transport: Transport } | undefined;
}

/** Before it ends, so that it does not end on the way. */
const EARLY_MS = 10_000;

/** The `Authorization` of one registry: learns from its challenges how it wants to be asked, and keeps tokens. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #tokens = new Map<string, Promise<Token>>();
  #way: 'basic' | TokenService | undefined;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** For requests that need these scopes; undefined: it is not known yet whether and how. Throws as `fetchToken`. */
  async header(scopes: readonly string[]): Promise<string | undefined> {
    const { credentials } = this.#options;
    if (credentials?.kind === 'bearer') return `Bearer ${credentials.token}`;
    if (this.#way === undefined) return undefined;
    if (this.#way === 'basic')
      return credentials?.kind === 'password'
        ? basicHeader(credentials.user, credentials.password)
        : undefined;
    return `Bearer ${await this.#token(this.#way, scopes)}`;
  }

  /**
   * Learns from a 401 which `sent` (as `header` gave it) got; whether another try makes sense. Throws `oci-refused`
   * for a token service that must not get a password.
   */
  challenged(header: string | undefined, sent: string | undefined, scopes: readonly string[]): boolean {
    const { credentials } = this.#options;
    if (credentials?.kind === 'bearer') return false;
    const challenges = parseChallenges(header);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const realm = URL.parse(bearer?.parameters.realm ?? '');
    if (bearer && realm) {
      this.#checkRealm(realm);
      this.#way = { realm: this.#options.tokens?.realm ?? realm, service: bearer.parameters.service };
      // it ended before its time: keys changed, or the clock did
      return this.#tokens.delete(keyOf(scopes)) || !sent?.startsWith('Bearer ');
    }
    const isBasic = challenges.some(({ scheme }) => scheme === 'basic') && credentials?.kind === 'password';
    if (isBasic) this.#way = 'basic';
    return isBasic && sent === undefined;
  }

  #checkRealm(realm: URL): void {
    const { origin, credentials } = this.#options;
    if (!credentials || realm.protocol === 'https:' || realm.origin === origin.origin) return;
    if (realm.protocol === 'http:' && origin.protocol === 'http:') return;
    throw new OciError(
      'oci-refused',
      `${origin.host} wants its password sent to ${realm.origin} without encryption.`,
    );
  }

  #token(way: TokenService, scopes: readonly string[]): Promise<string> {
    const key = keyOf(scopes);
    const kept = this.#tokens.get(key);
    const found = kept
      ? kept.then((token) => (isFresh(token) ? token : this.#ask(way, scopes)))
      : this.#ask(way, scopes);
    return found.then(({ token }) => token);
  }

  /** Those who ask for the same at once share one request. */
  #ask(way: TokenService, scopes: readonly string[]): Promise<Token> {
    const { transport, tokens, credentials } = this.#options;
    const asked = fetchToken(tokens?.transport ?? transport, way, scopes, credentials);
    const key = keyOf(scopes);
    this.#tokens.set(key, asked);
    asked.catch(() => {
      if (this.#tokens.get(key) === asked) this.#tokens.delete(key);
    });
    return asked;
  }
}

const keyOf = (scopes: readonly string[]): string => scopes.join(' ');
const isFresh = ({ expires }: Token): boolean => expires - EARLY_MS > Date.now();
