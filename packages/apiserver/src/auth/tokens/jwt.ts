import { isObject } from '@sampan/base';

/** Claims of a ServiceAccount token (RFC 7519 and kubernetes pkg/serviceaccount/claims.go); times in seconds. */
export interface TokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: readonly string[];
  readonly exp?: number;
  readonly nbf?: number;
  readonly iat?: number;
  readonly jti?: string;
  readonly namespace: string;
  readonly serviceAccount: ObjectReference;
  readonly pod?: ObjectReference;
  readonly secret?: ObjectReference;
  readonly node?: ObjectReference;
  readonly warnAfter?: number;
}

export interface ObjectReference {
  readonly name: string;
  readonly uid: string;
}

/** A token taken apart but not believed. */
export interface ParsedToken {
  readonly algorithm: string;
  readonly keyId: string;
  readonly claims: TokenClaims;
  readonly signed: string;
  readonly signature: Buffer;
}

/** A header line is shorter; a token of ours is about 1 KiB. */
const LONGEST_TOKEN = 16 * 1024;
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;

/** Undefined for whatever is not a compact JWT with claims of the right types. */
export function parseToken(token: string): ParsedToken | undefined {
  if (token.length > LONGEST_TOKEN || !COMPACT.test(token)) return undefined;
  const [head = '', body = '', signature = ''] = token.split('.');
  const header = decode(head);
  const claims = readClaims(decode(body));
  // `crit` names extensions that a reader must know (RFC 7515 section 4.1.11): none is known here
  if (!header || !claims || typeof header.alg !== 'string' || header.crit !== undefined) return undefined;
  return {
    algorithm: header.alg,
    keyId: typeof header.kid === 'string' ? header.kid : '',
    claims,
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

function readClaims(raw: Record<string, unknown> | undefined): TokenClaims | undefined {
  if (!raw) return undefined;
  const { iss, sub, aud, exp, nbf, iat, jti } = raw;
  const own = isObject(raw['kubernetes.io']) ? raw['kubernetes.io'] : {};
  const audiences = typeof aud === 'string' ? [aud] : aud === undefined ? [] : aud;
  const numbers = [exp, nbf, iat, own.warnafter];
  if (
    typeof iss !== 'string' ||
    !Array.isArray(audiences) ||
    !audiences.every((each) => typeof each === 'string')
  )
    return undefined;
  if (!numbers.every((each) => each === undefined || (typeof each === 'number' && Number.isFinite(each))))
    return undefined;
  const pod = reference(own.pod);
  const secret = reference(own.secret);
  const node = reference(own.node);
  return {
    iss,
    sub: text(sub),
    aud: audiences,
    ...(typeof exp === 'number' ? { exp } : {}),
    ...(typeof nbf === 'number' ? { nbf } : {}),
    ...(typeof iat === 'number' ? { iat } : {}),
    ...(typeof jti === 'string' ? { jti } : {}),
    namespace: text(own.namespace),
    serviceAccount: reference(own.serviceaccount) ?? { name: '', uid: '' },
    ...(pod ? { pod } : {}),
    ...(secret ? { secret } : {}),
    ...(node ? { node } : {}),
    ...(typeof own.warnafter === 'number' ? { warnAfter: own.warnafter } : {}),
  };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function reference(value: unknown): ObjectReference | undefined {
  return isObject(value) ? { name: text(value.name), uid: text(value.uid) } : undefined;
}
