import { open, readFile, rename } from 'node:fs/promises';
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';

export interface KeyPair {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** The pair kept in `file` (a private JWK, RFC 7517, for its owner only); made when there is none. */
export async function loadKeyPair(file: string): Promise<KeyPair> {
  const jwk = (await readJwk(file)) ?? (await makeJwk(file));
  const { d: _private, ...open } = jwk;
  return { privateKey: await importKey(jwk), publicKey: await importKey(open) };
}

async function readJwk(file: string): Promise<JWK | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as JWK;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}

async function makeJwk(file: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(JSON.stringify(jwk));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  return jwk;
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, 'ES256');
  if (key instanceof Uint8Array) throw new Error('the token key is not an ES256 key');
  return key;
}
