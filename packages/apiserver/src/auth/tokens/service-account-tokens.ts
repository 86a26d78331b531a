import { errors, type KubeObject } from '@sampan/api';
import type { Clock } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import type { UserInfo } from '../contract.ts';
import { quoteList } from '../rbac/rule-covers.ts';
import { EXTRA, serviceAccountGroups, serviceAccountUser } from '../users.ts';
import { type ParsedToken, parseToken, type TokenClaims } from './jwt.ts';
import type { SigningKeys } from './signing-keys.ts';
import { type AuthenticatedToken, type TokenAuthenticator, TokenError } from './token-authenticator.ts';

export interface ServiceAccountTokenOptions {
  readonly reader: ObjectReader;
  readonly keys: SigningKeys;
  /** Of tokens issued; tokens of `otherIssuers` are accepted too. */
  readonly issuer: string;
  readonly otherIssuers?: readonly string[];
  /** Audiences of this API server: what a request needs, and what a token without audiences of its own gets. */
  readonly audiences: readonly string[];
  readonly clock: Clock;
}

/** Clocks of machines differ: so much is forgiven (go-jose's DefaultLeeway). */
const LEEWAY_SECONDS = 60;
/** Signatures found good; the oldest go first. A token is about 1 KiB. */
const REMEMBERED_TOKENS = 2048;

/**
 * Accepts tokens of ServiceAccounts (Kubernetes docs "Managing Service Accounts", KEP-1205, KEP-4193). Only the
 * signature's check is remembered; time and the existence of the account and of what the token is bound to are
 * looked up at each request, so a deletion counts at once.
 */
export class ServiceAccountTokens implements TokenAuthenticator {
  readonly #options: ServiceAccountTokenOptions;
  readonly #issuers: ReadonlySet<string>;
  readonly #verified = new Map<string, { claims: TokenClaims; user: UserInfo }>();

  constructor(options: ServiceAccountTokenOptions) {
    this.#options = options;
    this.#issuers = new Set([options.issuer, ...(options.otherIssuers ?? [])]);
  }

  authenticateToken(token: string, wanted: readonly string[]): AuthenticatedToken | undefined {
    let known = this.#verified.get(token);
    if (!known) {
      const parsed = parseToken(token);
      if (!parsed || !this.#issuers.has(parsed.claims.iss)) return undefined;
      this.#verify(parsed);
      known = { claims: parsed.claims, user: userOf(parsed.claims) };
      this.#remember(token, known);
    }
    const held = known.claims.aud.length > 0 ? known.claims.aud : this.#options.audiences;
    const audiences = held.filter((audience) => wanted.includes(audience));
    if (audiences.length === 0) {
      throw new TokenError(
        `token audiences ${quoteList(held)} is invalid for the target audiences ${quoteList(wanted)}`,
      );
    }
    this.#checkTime(known.claims);
    this.#checkObjects(known.claims);
    return { user: known.user, audiences };
  }

  #verify(parsed: ParsedToken): void {
    const { keys } = this.#options;
    if (parsed.algorithm !== 'ES256') throw new TokenError('invalid signature, unsupported algorithm');
    if (!keys.has(parsed.keyId)) throw new TokenError('invalid signature, no keys found');
    if (!keys.verify(parsed.keyId, parsed.signed, parsed.signature)) {
      throw new TokenError('go-jose/go-jose: error in cryptographic primitive');
    }
  }

  #remember(token: string, known: { claims: TokenClaims; user: UserInfo }): void {
    if (this.#verified.size >= REMEMBERED_TOKENS) {
      const oldest = this.#verified.keys().next().value;
      if (oldest !== undefined) this.#verified.delete(oldest);
    }
    this.#verified.set(token, known);
  }

  #checkTime({ exp, nbf, iat }: TokenClaims): void {
    const now = this.#options.clock.now() / 1000;
    if (nbf !== undefined && now + LEEWAY_SECONDS < nbf)
      throw new TokenError('service account token is not valid yet');
    if (exp !== undefined && now - LEEWAY_SECONDS > exp)
      throw new TokenError('service account token has expired');
    if (iat !== undefined && now + LEEWAY_SECONDS < iat) {
      throw new TokenError('service account token is issued in the future');
    }
  }

  #checkObjects({ namespace, serviceAccount, secret, pod, node }: TokenClaims): void {
    const account = this.#options.reader.get('serviceaccounts', namespace, serviceAccount.name);
    if (!account)
      throw new TokenError(
        errors.notFound({ group: '', resource: 'serviceaccounts' }, serviceAccount.name).message,
      );
    if (this.#isGone(account))
      throw new TokenError(`service account ${namespace}/${serviceAccount.name} has been deleted`);
    checkUid('service account UID', account, serviceAccount.uid, 'claim');
    if (secret)
      this.#checkBound('secrets', namespace, secret, 'secret UID', 'service account secret ref claim');
    if (pod) this.#checkBound('pods', namespace, pod, 'pod UID', 'service account pod ref claim');
    // with a pod the node is only told: the pod may have been bound before the node was known
    else if (node) this.#checkBound('nodes', '', node, 'node UID', 'service account node ref claim');
  }

  #checkBound(
    collection: string,
    namespace: string,
    bound: { name: string; uid: string },
    what: string,
    claim: string,
  ): void {
    const object = this.#options.reader.get(collection, namespace, bound.name);
    if (!object || this.#isGone(object)) throw new TokenError('service account token has been invalidated');
    checkUid(what, object, bound.uid, claim);
  }

  /** Objects in deletion count a little longer, for the last words of their pods. */
  #isGone(object: KubeObject): boolean {
    const deleted = object.metadata.deletionTimestamp;
    return deleted !== undefined && Date.parse(deleted) < this.#options.clock.now() - LEEWAY_SECONDS * 1000;
  }
}

function checkUid(what: string, object: KubeObject, claimed: string, claim: string): void {
  if (object.metadata.uid !== claimed) {
    throw new TokenError(`${what} (${object.metadata.uid}) does not match ${claim} (${claimed})`);
  }
}

function userOf({ namespace, serviceAccount, pod, node, jti }: TokenClaims): UserInfo {
  const extra: Record<string, readonly string[]> = {
    ...(pod ? { [EXTRA.podName]: [pod.name], [EXTRA.podUid]: [pod.uid] } : {}),
    ...(jti ? { [EXTRA.credentialId]: [`JTI=${jti}`] } : {}),
    ...(node?.name
      ? { [EXTRA.nodeName]: [node.name], ...(node.uid ? { [EXTRA.nodeUid]: [node.uid] } : {}) }
      : {}),
  };
  return {
    name: serviceAccountUser(namespace, serviceAccount.name),
    uid: serviceAccount.uid,
    groups: serviceAccountGroups(namespace),
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  };
}
