import type { KubeObject } from '@sampan/api';
import { isObject } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import { serviceAccountGroups, serviceAccountUser } from '../users.ts';
import type { SigningKeys } from './signing-keys.ts';
import { type AuthenticatedToken, type TokenAuthenticator, TokenError } from './token-authenticator.ts';

const ISSUER = 'kubernetes/serviceaccount';
const CLAIM = {
  namespace: 'kubernetes.io/serviceaccount/namespace',
  secret: 'kubernetes.io/serviceaccount/secret.name',
  account: 'kubernetes.io/serviceaccount/service-account.name',
  uid: 'kubernetes.io/serviceaccount/service-account.uid',
} as const;
const LONGEST_TOKEN = 16 * 1024;
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** A token without expiry for the account, held by a Secret (kubernetes pkg/serviceaccount/legacy.go). */
export function issueLegacyToken(keys: SigningKeys, account: KubeObject, secret: KubeObject): string {
  const { namespace = '', name = '', uid = '' } = account.metadata;
  return keys.sign({
    iss: ISSUER,
    [CLAIM.namespace]: namespace,
    [CLAIM.secret]: secret.metadata.name ?? '',
    [CLAIM.account]: name,
    [CLAIM.uid]: uid,
    sub: serviceAccountUser(namespace, name),
  });
}

/**
 * Accepts tokens that Secrets of type `kubernetes.io/service-account-token` hold, for as long as Secret and account
 * are there (Kubernetes docs "Managing Service Accounts").
 */
export class LegacyTokens implements TokenAuthenticator {
  readonly #reader: ObjectReader;
  readonly #keys: SigningKeys;
  readonly #audiences: readonly string[];

  constructor(reader: ObjectReader, keys: SigningKeys, audiences: readonly string[]) {
    this.#reader = reader;
    this.#keys = keys;
    this.#audiences = audiences;
  }

  authenticateToken(token: string, wanted: readonly string[]): AuthenticatedToken | undefined {
    const parsed = parse(token);
    if (parsed?.claims.iss !== ISSUER) return undefined;
    if (!this.#keys.verify(parsed.keyId, parsed.signed, parsed.signature))
      throw new TokenError('invalid signature, no keys found');
    const audiences = this.#audiences.filter((audience) => wanted.includes(audience));
    if (audiences.length === 0) throw new TokenError('token audiences are invalid for the target audiences');
    const { namespace, secret, account, uid } = parsed.claims;
    this.#checkSecret(namespace, secret, token);
    const object = this.#reader.get('serviceaccounts', namespace, account);
    if (!object || object.metadata.deletionTimestamp)
      throw new TokenError(`ServiceAccount ${namespace}/${account} has been deleted`);
    if (object.metadata.uid !== uid)
      throw new TokenError(`ServiceAccount UID (${object.metadata.uid}) does not match claim (${uid})`);
    return {
      user: { name: serviceAccountUser(namespace, account), uid, groups: serviceAccountGroups(namespace) },
      audiences,
    };
  }

  #checkSecret(namespace: string, name: string, token: string): void {
    const secret = this.#reader.get('secrets', namespace, name);
    if (!secret || secret.metadata.deletionTimestamp) throw new TokenError('Token has been invalidated');
    const held: unknown = secret.data?.token;
    if (typeof held !== 'string' || Buffer.from(held, 'base64').toString('utf8') !== token)
      throw new TokenError(`Token does not match server's copy`);
  }
}

interface LegacyClaims {
  readonly iss: string;
  readonly namespace: string;
  readonly secret: string;
  readonly account: string;
  readonly uid: string;
}

function parse(
  token: string,
): { keyId: string; claims: LegacyClaims; signed: string; signature: Buffer } | undefined {
  if (token.length > LONGEST_TOKEN || !COMPACT.test(token)) return undefined;
  const [head = '', body = '', signature = ''] = token.split('.');
  const header = decode(head);
  const raw = decode(body);
  if (header?.alg !== 'ES256' || header.crit !== undefined || !raw) return undefined;
  const text = (key: string) => (typeof raw[key] === 'string' ? raw[key] : '');
  return {
    keyId: typeof header.kid === 'string' ? header.kid : '',
    claims: {
      iss: text('iss'),
      namespace: text(CLAIM.namespace),
      secret: text(CLAIM.secret),
      account: text(CLAIM.account),
      uid: text(CLAIM.uid),
    },
    signed: `${head}.${body}`,
    signature: Buffer.from(signature, 'base64url'),
  };
}

function decode(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    // not JSON: not a token of ours
    return undefined;
  }
}
