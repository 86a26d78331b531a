import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** A public key that tokens may be signed with. */
interface VerificationKey {
  readonly id: string;
  readonly key: KeyObject;
  readonly jwk: { readonly x: string; readonly y: string };
}

/**
 * The keys of ServiceAccount tokens: one P-256 key that signs, and older public keys whose tokens still hold
 * (rotation: the new key first, the old one behind it until its tokens have expired). ES256 only (RFC 7518).
 */
export class SigningKeys {
  readonly #private: KeyObject;
  readonly #keys: readonly VerificationKey[];
  readonly #byId: ReadonlyMap<string, VerificationKey>;

  /** PEM texts; `olderKeys` are public or private. Throws when one is no P-256 key. */
  constructor(privateKeyPem: string, olderKeys: readonly string[] = []) {
    this.#private = createPrivateKey(privateKeyPem);
    this.#keys = [privateKeyPem, ...olderKeys].map((pem) => verificationKey(createPublicKey(pem)));
    this.#byId = new Map(this.#keys.map((key) => [key.id, key]));
  }

  /** A compact JWT (RFC 7519) of the claims, keys sorted as upstream does. */
  sign(claims: Readonly<Record<string, unknown>>): string {
    const header = base64url({ alg: 'ES256', kid: this.#keys[0]?.id ?? '' });
    const input = `${header}.${base64url(claims)}`;
    const signature = sign('sha256', Buffer.from(input), { key: this.#private, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  }

  has(keyId: string): boolean {
    return keyId === '' || this.#byId.has(keyId);
  }

  /** Whether a key signed the input; without a key id any of them may have. */
  verify(keyId: string, input: string, signature: Uint8Array): boolean {
    if (signature.length !== 64) return false;
    const known = this.#byId.get(keyId);
    const candidates = keyId === '' ? this.#keys : known ? [known] : [];
    return candidates.some(({ key }) =>
      verify('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, signature),
    );
  }

  /** The JSON Web Key Set (RFC 7517) that `/openid/v1/jwks` answers. */
  jwks(): { keys: Record<string, string>[] } {
    return {
      keys: this.#keys.map(({ id, jwk }) => ({
        use: 'sig',
        kty: 'EC',
        kid: id,
        crv: 'P-256',
        alg: 'ES256',
        x: jwk.x,
        y: jwk.y,
      })),
    };
  }
}

/** The id is the SHA-256 of the SubjectPublicKeyInfo, as upstream's keyIDFromPublicKey. */
function verificationKey(key: KeyObject): VerificationKey {
  const jwk = key.export({ format: 'jwk' });
  if (jwk.crv !== 'P-256' || !jwk.x || !jwk.y) throw new Error('ServiceAccount tokens need P-256 keys');
  const id = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
  return { id, key, jwk: { x: jwk.x, y: jwk.y } };
}

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
