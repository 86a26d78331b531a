import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { FakeClock } from '@sampan/base';
import { beforeEach, describe, expect, it } from 'vitest';
import { ClusterAuthenticator } from '../authenticator.ts';
import { TestReader } from '../test-reader.ts';
import { BootstrapTokens } from './bootstrap-tokens.ts';
import { openIdDocuments } from './openid.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';
import { SigningKeys } from './signing-keys.ts';
import { issueServiceAccountToken, type TokenIssuer, type TokenRequest } from './token-request.ts';

const pemKey = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const target = { namespace: 'ns', name: 'bot' };

let clock: FakeClock;
let reader: TestReader;
let keyPem: string;
let keys: SigningKeys;
let issuer: TokenIssuer;
let tokens: ServiceAccountTokens;
let authenticator: ClusterAuthenticator;

beforeEach(() => {
  clock = new FakeClock();
  reader = new TestReader();
  keyPem = pemKey();
  keys = new SigningKeys(keyPem);
  issuer = { reader, keys, issuer: ISSUER, audiences: [ISSUER], clock };
  tokens = new ServiceAccountTokens({ reader, keys, issuer: ISSUER, audiences: [ISSUER], clock });
  authenticator = new ClusterAuthenticator({
    tokens: [tokens, new BootstrapTokens(reader, clock, [ISSUER])],
    audiences: [ISSUER],
  });
  reader.put('serviceaccounts', { metadata: { ...target, uid: 'u1' } });
  reader.put('pods', {
    metadata: { namespace: 'ns', name: 'p', uid: 'pod1' },
    spec: { serviceAccountName: 'bot', nodeName: 'n1' },
  });
  reader.put('nodes', { metadata: { name: 'n1', uid: 'node1' } });
  reader.put('secrets', { metadata: { namespace: 'ns', name: 's', uid: 'secret1' } });
});

const request = (spec: object = {}, metadata: object = {}) =>
  ({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata, spec }) as TokenRequest;
const issue = (spec: object = {}, warn?: (text: string) => void) =>
  issueServiceAccountToken(issuer, target, request(spec), warn);
const tokenOf = (spec: object = {}): string => issue(spec).status.token;
const payload = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
const why = (token: string, audiences?: string[]): string => {
  try {
    authenticator.authenticateToken(token, audiences);
    return 'accepted';
  } catch (error) {
    return (error as Error).message;
  }
};
const pack = (header: object, claims: object, signer: (input: string) => Buffer): string => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${signer(input).toString('base64url')}`;
};
const es256 = (pem: string) => (input: string) =>
  sign('sha256', Buffer.from(input), { key: pem, dsaEncoding: 'ieee-p1363' });

describe('a requested token', () => {
  it('is the account, with the groups of its namespace and what it is bound to', () => {
    const result = issue({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p', uid: 'pod1' } });
    expect(result).toMatchObject({
      metadata: { name: 'bot', namespace: 'ns', creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { audiences: [ISSUER], expirationSeconds: 3600 },
      status: { expirationTimestamp: '2026-01-01T01:00:00Z' },
    });
    const token = result.status.token;
    const claims = payload(token);
    expect(Object.keys(claims)).toEqual(['aud', 'exp', 'iat', 'iss', 'jti', 'kubernetes.io', 'nbf', 'sub']);
    expect(claims['kubernetes.io']).toEqual({
      namespace: 'ns',
      node: { name: 'n1', uid: 'node1' },
      pod: { name: 'p', uid: 'pod1' },
      serviceaccount: { name: 'bot', uid: 'u1' },
    });
    const user = authenticator.authenticate({ token });
    expect(user).toEqual({
      name: 'system:serviceaccount:ns:bot',
      uid: 'u1',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
      extra: {
        'authentication.kubernetes.io/pod-name': ['p'],
        'authentication.kubernetes.io/pod-uid': ['pod1'],
        'authentication.kubernetes.io/node-name': ['n1'],
        'authentication.kubernetes.io/node-uid': ['node1'],
        'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`],
      },
    });
    expect(authenticator.authenticate({ token })).toBe(user);
  });

  it('is refused when the request is wrong', () => {
    expect(() => issue({ expirationSeconds: 599 })).toThrow(
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
    );
    expect(() => issue({ expirationSeconds: 2 ** 32 + 1 })).toThrow(
      'may not specify a duration larger than 2^32 seconds',
    );
    expect(() => issueServiceAccountToken(issuer, { namespace: 'ns', name: 'no' }, request())).toThrow(
      'serviceaccounts "no" not found',
    );
    expect(() => issueServiceAccountToken(issuer, target, request({}, { name: 'x' }))).toThrow(
      'must match the service account name if specified',
    );
    const bind = (ref: object) => () => issue({ boundObjectRef: ref });
    expect(bind({ kind: 'Deployment', apiVersion: 'apps/v1', name: 'x' })).toThrow(
      'cannot bind token to object of type apps/v1, Kind=Deployment',
    );
    expect(bind({ kind: 'constructor', apiVersion: 'v1', name: 'x' })).toThrow(
      'cannot bind token to object of type /v1, Kind=constructor',
    );
    expect(bind({ kind: 'Pod', apiVersion: 'v1', name: 'x' })).toThrow('pods "x" not found');
    expect(bind({ kind: 'Secret', apiVersion: 'v1', name: 's', uid: 'other' })).toThrow(
      'Operation cannot be fulfilled on Secret "s": the UID in the bound object reference (other) does not match the UID in record.',
    );
    reader.put('pods', { metadata: { namespace: 'ns', name: 'q' }, spec: { serviceAccountName: 'other' } });
    expect(bind({ kind: 'Pod', apiVersion: 'v1', name: 'q' })).toThrow(
      'cannot bind token for serviceaccount "bot" to pod running with different serviceaccount name.',
    );
  });

  it('lives a year with a warning for kubelets that ask for 3607 seconds', () => {
    const claims = payload(
      tokenOf({ expirationSeconds: 3607, boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' } }),
    );
    expect(claims.exp - claims.iat).toBe(365 * 24 * 3600);
    expect(claims['kubernetes.io'].warnafter - claims.iat).toBe(3607);
    expect(payload(tokenOf({ expirationSeconds: 3607 })).exp - claims.iat).toBe(3607);
  });

  it('is shortened to the longest validity with a warning', () => {
    const warnings: string[] = [];
    issuer = { ...issuer, maxExpirationSeconds: 7200 };
    expect(issue({ expirationSeconds: 9000 }, (text) => warnings.push(text)).spec?.expirationSeconds).toBe(
      7200,
    );
    expect(warnings).toEqual(['requested expiration of 9000 seconds shortened to 7200 seconds']);
  });
});

describe('a token', () => {
  it('ends with its time, its account, and what it is bound to', () => {
    const plain = tokenOf();
    const podBound = tokenOf({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' } });
    const secretBound = tokenOf({ boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 's' } });
    const nodeBound = tokenOf({ boundObjectRef: { kind: 'Node', apiVersion: 'v1', name: 'n1' } });
    expect([plain, podBound, secretBound, nodeBound].map((token) => why(token))).toEqual(
      Array(4).fill('accepted'),
    );
    reader.remove('pods', 'ns', 'p');
    expect(why(podBound)).toBe('[invalid bearer token, service account token has been invalidated]');
    reader.put('secrets', { metadata: { namespace: 'ns', name: 's', uid: 'secret2' } });
    expect(why(secretBound)).toBe(
      '[invalid bearer token, secret UID (secret2) does not match service account secret ref claim (secret1)]',
    );
    reader.put('nodes', {
      metadata: { name: 'n1', uid: 'node1', deletionTimestamp: '2025-12-31T00:00:00Z' },
    });
    expect(why(nodeBound)).toBe('[invalid bearer token, service account token has been invalidated]');
    expect(why(plain)).toBe('accepted');
    reader.put('serviceaccounts', { metadata: { ...target, uid: 'u2' } });
    expect(why(plain)).toBe('[invalid bearer token, service account UID (u2) does not match claim (u1)]');
    reader.put('serviceaccounts', { metadata: { ...target, uid: 'u1' } });
    clock.advance(3600_000 + 59_000);
    expect(why(plain)).toBe('accepted');
    clock.advance(2_000);
    expect(why(plain)).toBe('[invalid bearer token, service account token has expired]');
    reader.remove('serviceaccounts', 'ns', 'bot');
    expect(() => authenticator.authenticate({ token: plain })).toThrow(
      expect.objectContaining({ code: 401, message: 'Unauthorized' }),
    );
  });

  it('is not valid before its time', () => {
    const token = tokenOf();
    const early = new FakeClock(clock.now() - 61_000);
    const before = new ServiceAccountTokens({
      reader,
      keys,
      issuer: ISSUER,
      audiences: [ISSUER],
      clock: early,
    });
    expect(() => before.authenticateToken(token, [ISSUER])).toThrow('service account token is not valid yet');
  });

  it('holds for its audiences only', () => {
    const token = tokenOf({ audiences: ['vault', ISSUER] });
    expect(authenticator.authenticateToken(token, ['vault', 'x']).audiences).toEqual(['vault']);
    expect(why(tokenOf({ audiences: ['vault'] }))).toBe(
      `[invalid bearer token, token audiences ["vault"] is invalid for the target audiences ["${ISSUER}"]]`,
    );
  });

  it('of another key, algorithm or issuer is refused', () => {
    const good = tokenOf();
    const claims = payload(good);
    const header = JSON.parse(Buffer.from(good.split('.')[0] ?? '', 'base64url').toString());
    const forged = (head: object, signer: (input: string) => Buffer, more: object = {}) =>
      why(pack(head, { ...claims, ...more }, signer));
    expect(forged(header, es256(keyPem))).toBe('accepted');
    expect(forged(header, es256(pemKey()))).toContain('error in cryptographic primitive');
    expect(forged({ alg: 'ES256' }, es256(pemKey()))).toContain('error in cryptographic primitive');
    expect(forged({ ...header, kid: 'other' }, es256(keyPem))).toContain('no keys found');
    expect(forged({ ...header, kid: '__proto__' }, es256(keyPem))).toContain('no keys found');
    expect(forged({ ...header, alg: 'none' }, () => Buffer.alloc(0))).toContain('invalid bearer token');
    expect(forged({ ...header, alg: 'none' }, es256(keyPem))).toContain('unsupported algorithm');
    expect(
      forged({ ...header, alg: 'HS256' }, (input) => createHmac('sha256', keyPem).update(input).digest()),
    ).toContain('unsupported algorithm');
    expect(forged({ ...header, crit: ['x'] }, es256(keyPem))).toBe('invalid bearer token');
    expect(forged(header, es256(keyPem), { iss: 'https://other' })).toBe('invalid bearer token');
    expect(forged(header, es256(keyPem), { exp: 'never' })).toBe('invalid bearer token');
    expect(forged(header, (input) => sign('sha256', Buffer.from(input), keyPem))).toContain(
      'error in cryptographic primitive',
    );
    const [head, body, signature] = good.split('.');
    const raised = Buffer.from(
      JSON.stringify({
        ...claims,
        sub: 'x',
        'kubernetes.io': { ...claims['kubernetes.io'], namespace: 'kube-system' },
      }),
    ).toString('base64url');
    expect(why(`${head}.${raised}.${signature}`)).toContain('error in cryptographic primitive');
    expect(why(`${head}.${body}.`)).toContain('error in cryptographic primitive');
    expect(why(`${good}A`)).not.toBe('accepted');
    expect(why('a.b')).toBe('invalid bearer token');
    expect(why('x'.repeat(100_000))).toBe('invalid bearer token');
    expect(why('nonsense')).toBe('invalid bearer token');
  });

  it('survives a rotation of keys as long as the old one is known', () => {
    const old = tokenOf();
    const rotated = new SigningKeys(pemKey(), [keyPem]);
    const check = (with_: SigningKeys) =>
      new ServiceAccountTokens({ reader, keys: with_, issuer: ISSUER, audiences: [ISSUER], clock });
    expect(check(rotated).authenticateToken(old, [ISSUER])?.user.name).toBe('system:serviceaccount:ns:bot');
    const fresh = issueServiceAccountToken({ ...issuer, keys: rotated }, target, request()).status.token;
    expect(check(rotated).authenticateToken(fresh, [ISSUER])).toBeDefined();
    expect(() => check(new SigningKeys(pemKey())).authenticateToken(old, [ISSUER])).toThrow('no keys found');
  });

  it('still holds when thousands of others have pushed it out of memory', () => {
    const token = tokenOf();
    authenticator.authenticate({ token });
    for (let i = 0; i < 2100; i++) why(tokenOf({ expirationSeconds: 600 + i }));
    expect(why(token)).toBe('accepted');
  });
});

describe('discovery of the issuer', () => {
  it('shows public keys only', () => {
    const [configuration, jwks] = openIdDocuments(
      ISSUER,
      '10.0.0.1:6443',
      new SigningKeys(keyPem, [pemKey()]),
    );
    expect(JSON.parse(configuration?.body ?? '')).toEqual({
      issuer: ISSUER,
      jwks_uri: 'https://10.0.0.1:6443/openid/v1/jwks',
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    });
    const set = JSON.parse(jwks?.body ?? '');
    expect(set.keys).toHaveLength(2);
    expect(Object.keys(set.keys[0])).toEqual(['use', 'kty', 'kid', 'crv', 'alg', 'x', 'y']);
  });
});

describe('a bootstrap token', () => {
  const encode = (data: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    );
  const data = {
    'token-id': 'abcdef',
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-authentication': 'true',
  };
  const put = (more: Record<string, string> = {}, rest: object = {}) =>
    reader.put('secrets', {
      metadata: { namespace: 'kube-system', name: 'bootstrap-token-abcdef' },
      type: 'bootstrap.kubernetes.io/token',
      data: encode({ ...data, ...more }),
      ...rest,
    });
  const token = 'abcdef.0123456789abcdef';

  it('is a bootstrapper with the groups of its Secret', () => {
    put({
      'auth-extra-groups': 'system:bootstrappers:worker,system:bootstrappers:ingress',
      expiration: '2026-01-01T00:00:01Z',
    });
    expect(authenticator.authenticate({ token })).toEqual({
      name: 'system:bootstrap:abcdef',
      groups: [
        'system:bootstrappers',
        'system:bootstrappers:ingress',
        'system:bootstrappers:worker',
        'system:authenticated',
      ],
    });
    clock.advance(1000);
    expect(why(token)).toBe('invalid bearer token');
  });

  it('needs all to be right', () => {
    expect(why(token)).toBe('invalid bearer token');
    put();
    expect(why(token)).toBe('accepted');
    expect(why('abcdef.0123456789abcdeg')).toBe('invalid bearer token');
    for (const more of [
      { 'token-secret': '0123456789abcdeX' },
      { 'token-secret': '' },
      { 'token-id': 'aaaaaa' },
      { 'usage-bootstrap-authentication': 'false' },
      { 'auth-extra-groups': 'system:masters' },
      { expiration: 'tomorrow' },
      { expiration: '2025-01-01T00:00:00Z' },
    ]) {
      put(more);
      expect(why(token)).toBe('invalid bearer token');
    }
    put({}, { type: 'Opaque' });
    expect(why(token)).toBe('invalid bearer token');
  });
});

describe('credentials', () => {
  it('without any are anonymous, unless that is switched off', () => {
    expect(authenticator.authenticate({})).toEqual({
      name: 'system:anonymous',
      groups: ['system:unauthenticated'],
    });
    const strict = new ClusterAuthenticator({ tokens: [], audiences: [], anonymous: false });
    expect(() => strict.authenticate({})).toThrow('Unauthorized');
  });

  it('of a certificate are its common name and organizations', () => {
    const certificate = { commonName: 'jane', organizations: ['dev'], fingerprint: 'ab' };
    const user = authenticator.authenticate({ certificate, token: 'nonsense' });
    expect(user).toEqual({
      name: 'jane',
      groups: ['dev', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': ['X509SHA256=ab'] },
    });
    expect(authenticator.authenticate({ certificate })).toBe(user);
    expect(authenticator.authenticate({ certificate: { ...certificate, commonName: '' } }).name).toBe(
      'system:anonymous',
    );
  });
});
