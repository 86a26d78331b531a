import { generateKeys } from '@sampan/machinery';
import { describe, expect, it } from 'vitest';
import { TestReader } from '../test-reader.ts';
import { issueLegacyToken, LegacyTokens } from './legacy-tokens.ts';
import { SigningKeys } from './signing-keys.ts';

const object = (kind: string, name: string, more = {}) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'ns', uid: `uid-${name}` },
  ...more,
});

describe('a token that a Secret holds', () => {
  const keys = new SigningKeys(generateKeys().privateKeyPem);
  const account = object('ServiceAccount', 'robot');
  const token = issueLegacyToken(keys, account, object('Secret', 'robot-token'));
  const secret = object('Secret', 'robot-token', { data: { token: Buffer.from(token).toString('base64') } });
  const setUp = () => {
    const reader = new TestReader();
    reader.put('serviceaccounts', account);
    reader.put('secrets', secret);
    return { reader, tokens: new LegacyTokens(reader, keys, ['api']) };
  };

  it('is its ServiceAccount', () => {
    expect(setUp().tokens.authenticateToken(token, ['api'])?.user).toMatchObject({
      name: 'system:serviceaccount:ns:robot',
      uid: 'uid-robot',
    });
  });

  it('holds no longer than its Secret and its account', () => {
    const { reader, tokens } = setUp();
    reader.remove('secrets', 'ns', 'robot-token');
    expect(() => tokens.authenticateToken(token, ['api'])).toThrow('Token has been invalidated');
    reader.put('secrets', secret);
    reader.put('serviceaccounts', { ...account, metadata: { ...account.metadata, uid: 'another' } });
    expect(() => tokens.authenticateToken(token, ['api'])).toThrow('does not match claim');
    reader.remove('serviceaccounts', 'ns', 'robot');
    expect(() => tokens.authenticateToken(token, ['api'])).toThrow('has been deleted');
  });

  it('holds only when the Secret still has this one, and only of our key', () => {
    const { reader, tokens } = setUp();
    reader.put('secrets', { ...secret, data: { token: Buffer.from('x').toString('base64') } });
    expect(() => tokens.authenticateToken(token, ['api'])).toThrow("does not match server's copy");
    const other = new SigningKeys(generateKeys().privateKeyPem);
    const forged = issueLegacyToken(other, account, secret);
    expect(() => tokens.authenticateToken(forged, ['api'])).toThrow('invalid signature');
    expect(tokens.authenticateToken('a.b.c', ['api'])).toBeUndefined();
  });
});
