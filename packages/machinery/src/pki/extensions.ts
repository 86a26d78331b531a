import { boolean, encode, octetString, oid, primitiveContextTag, sequence } from './der.ts';

/** Object identifiers of certificate extensions (RFC 5280 section 4.2.1, RFC 2985 for the request). */
export const EXTENSION = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  /** The attribute of a request that holds the extensions it asks for. */
  extensionRequest: '1.2.840.113549.1.9.14',
} as const;

export function encodeExtension(id: string, critical: boolean, content: Uint8Array): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(content));
}

export function encodeBasicConstraints(isAuthority: boolean): Buffer {
  return isAuthority ? sequence(boolean(true)) : sequence();
}

export function encodeAuthorityKeyId(keyId: Uint8Array): Buffer {
  return sequence(encode(primitiveContextTag(0), keyId));
}
