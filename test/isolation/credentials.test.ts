import { createHmac, createPrivateKey, createPublicKey, createSign } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { homeLayout } from '@sampan/home';
import {
  createCertificateAuthority,
  createCertificateRequest,
  generateKeys,
  issueCertificate,
  loadCertificateAuthority,
} from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { ask, type Credentials, sendBytes } from './ask.ts';
import { type Cluster, startTwoGuests, type TwoGuests } from './two-guests.ts';

const WHO = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const SECRETS = '/api/v1/namespaces/default/secrets';

let world: TwoGuests;

beforeAll(async () => {
  world = await startTwoGuests();
});

afterAll(() => world?.stop());

/** The user that a cluster takes somebody for; a number: its refusal. */
async function userIn(cluster: Cluster, who: Credentials): Promise<string | number> {
  // 'cert' tells that it is not the administrator who asks
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const answer = await ask(world.sampan.url, {
    method: 'POST',
    path: `${cluster.prefix}${WHO}`,
    body,
    ...who,
  });
  return answer.code === 201 ? answer.json().status.userInfo.username : answer.code;
}

/** In A, B and the host cluster. */
async function usersOf(who: Credentials): Promise<(string | number)[]> {
  const { a, b, host } = world;
  return Promise.all([a, b, host].map((cluster) => userIn(cluster, who)));
}

const keysOf = (name: string) =>
  JSON.parse(readFileSync(join(homeLayout(world.sampan.home).clusters, name, 'keys.json'), 'utf8')) as {
    caCertificate: string;
    caKey: string;
    serviceAccountKey: string;
  };

describe('a client certificate is good in the cluster that signed it, and in no other', () => {
  it('of an administrator', async () => {
    const { a, b, host } = world;
    expect(await usersOf(a.admin)).toEqual(['admin', 401, 401]);
    expect(await usersOf(b.admin)).toEqual([401, 'admin', 401]);
    expect(await usersOf(host.admin)).toEqual([401, 401, expect.any(String)]);
  });

  it.each([
    ['a node', 'system:node:b-node', ['system:nodes']],
    ['the API server', 'kube-apiserver', ['system:masters']],
    ['a controller of Sampan', 'system:sampan:network', []],
    ['the scheduler', 'system:kube-scheduler', []],
    ['the host cluster’s administrator', 'sampan-admin', ['system:masters']],
  ])('of one who claims to be %s', async (_, name, groups) => {
    expect(await usersOf(world.a.certificate(name, groups))).toEqual([name, 401, 401]);
  });

  it('nor is one of an authority that only has the name of another', async () => {
    const forged = issueCertificate(createCertificateAuthority('sampan'), {
      subject: { commonName: 'admin', organizations: ['system:masters'] },
      usages: ['digital signature', 'client auth'],
    });
    const who = { cert: forged.certificatePem, key: forged.privateKeyPem ?? '' };
    expect(await usersOf(who)).toEqual([401, 401, 401]);
  });

  it('nor is one that a client signed with a certificate of its own', async () => {
    const { cert = '', key = '' } = world.a.admin;
    const forged = issueCertificate(loadCertificateAuthority(cert, key), {
      subject: { commonName: 'admin', organizations: ['system:masters'] },
      usages: ['digital signature', 'client auth'],
    });
    const chain = `${forged.certificatePem}${cert}`;
    expect(await usersOf({ cert: chain, key: forged.privateKeyPem ?? '' })).toEqual([401, 401, 401]);
  });

  it('nor is one of its own authority that is for servers', async () => {
    const { caCertificate, caKey } = keysOf('a');
    const { certificatePem, privateKeyPem = '' } = issueCertificate(
      loadCertificateAuthority(caCertificate, caKey),
      { subject: { commonName: 'admin', organizations: ['system:masters'] }, usages: ['server auth'] },
    );
    expect(await usersOf({ cert: certificatePem, key: privateKeyPem })).toEqual([401, 401, 401]);
  });

  it('nor does a second certificate in the chain count', async () => {
    const { a, b } = world;
    const chain = { cert: `${a.admin.cert}${b.admin.cert}`, key: a.admin.key ?? '' };
    expect(await usersOf(chain)).toEqual(['admin', 401, 401]);
  });

  it('that a CertificateSigningRequest got', async () => {
    const { a } = world;
    const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
    const { privateKeyPem } = generateKeys();
    const subject = { commonName: 'boss', organizations: ['bosses'] };
    const requestPem = createCertificateRequest(createPrivateKey(privateKeyPem), subject);
    await a.create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: 'bosses' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'Group', name: 'bosses', apiGroup: 'rbac.authorization.k8s.io' }],
    });
    const made = await a.create(path, {
      metadata: { name: 'boss' },
      spec: {
        request: Buffer.from(requestPem).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['digital signature', 'client auth'],
      },
    });
    expect(made.code).toBe(201);
    const request = made.json();
    request.status = { conditions: [{ type: 'Approved', status: 'True', reason: 'Mine', message: 'mine' }] };
    const approved = await a.ask({ method: 'PUT', path: `${path}/boss/approval`, body: request });
    expect(approved.code).toBe(200);
    const certificate = await eventually('it is signed', async () => {
      const { status } = (await a.get(`${path}/boss`)).json();
      return status.certificate as string | undefined;
    });
    const cert = Buffer.from(certificate, 'base64').toString();
    expect(await usersOf({ cert, key: privateKeyPem })).toEqual(['boss', 401, 401]);
  });

  it('and no CertificateSigningRequest gets one of the masters, nor of a signer elsewhere', async () => {
    const { a } = world;
    const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
    const masters = { commonName: 'x', organizations: ['system:masters'] };
    const privateKey = createPrivateKey(generateKeys().privateKeyPem);
    const request = Buffer.from(createCertificateRequest(privateKey, masters)).toString('base64');
    const usages = ['digital signature', 'client auth'];
    const signerName = 'kubernetes.io/kube-apiserver-client';
    const refused = await a.create(path, { metadata: { name: 'm' }, spec: { request, signerName, usages } });
    expect(refused.code).toBe(403);
    const other = { request, signerName: 'clusters.sampan.dev/b', usages };
    const made = (await a.create(path, { metadata: { name: 'o' }, spec: other })).json();
    made.status = { conditions: [{ type: 'Approved', status: 'True', reason: 'Mine', message: 'mine' }] };
    await a.ask({ method: 'PUT', path: `${path}/o/approval`, body: made });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await a.get(`${path}/o`)).json().status.certificate).toBeUndefined();
  });
});

describe('a token is good in the cluster that issued it, and in no other', () => {
  const partsOf = (token: string) => {
    const [head = '', claims = '', signature = ''] = token.split('.');
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    return { head: read(head), claims: read(claims), signature };
  };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = (head: object, claims: object, key: string) => {
    const text = `${encode(head)}.${encode(claims)}`;
    const signature = createSign('sha256').update(text).sign({ key, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  };
  const ACCOUNT = 'system:serviceaccount:default:boss';

  it('of a ServiceAccount', async () => {
    const { a, b } = world;
    expect(await usersOf({ token: await a.token('boss') })).toEqual([ACCOUNT, 401, 401]);
    expect(await usersOf({ token: await b.token('boss') })).toEqual([401, ACCOUNT, 401]);
  });

  it('of a ServiceAccount, beside a certificate of the other cluster', async () => {
    const { a, b } = world;
    const who = { ...b.admin, token: await a.token('boss') };
    expect(await userIn(b, who)).toBe('admin');
    expect(await userIn(world.host, who)).toBe(401);
  });

  it.each([
    ['the other cluster', ['https://kubernetes.default.svc', 'https://127.0.0.1/clusters/b', 'b']],
    ['the host cluster', ['https://kubernetes.default.svc.cluster.local', 'host', 'api']],
  ])('for the audience of %s', async (_, audiences) => {
    const answers = await usersOf({ token: await world.a.token('boss', { audiences }) });
    expect(answers.slice(1)).toEqual([401, 401]);
  });

  it('signed anew for the other cluster', async () => {
    const { a, b } = world;
    const [ours, theirs] = [partsOf(await a.token('boss')), partsOf(await b.token('boss'))];
    const { serviceAccountKey } = keysOf('a');
    // it would be B's but for the key
    const forged = signed({ ...ours.head, kid: theirs.head.kid }, theirs.claims, serviceAccountKey);
    expect(await usersOf({ token: forged })).toEqual([401, 401, 401]);
    // and so it is with the key
    expect(
      await userIn(b, { token: signed(theirs.head, theirs.claims, keysOf('b').serviceAccountKey) }),
    ).toBe(ACCOUNT);
  });

  it('with the claims of one and the signature of another', async () => {
    const { a, b } = world;
    const [ours, theirs] = [partsOf(await a.token('boss')), partsOf(await b.token('boss'))];
    const mixed = `${encode(theirs.head)}.${encode(theirs.claims)}.${ours.signature}`;
    expect(await usersOf({ token: mixed })).toEqual([401, 401, 401]);
  });

  it('without a signature, or signed by what is public', async () => {
    const { a, b } = world;
    const { claims, head } = partsOf(await b.token('boss'));
    const jwks = (await b.get('/openid/v1/jwks')).json();
    const pem = createPublicKey({ key: jwks.keys[0], format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const symmetric = `${encode({ ...head, alg: 'HS256' })}.${encode(claims)}`;
    const tokens = [
      `${encode({ ...head, alg: 'none' })}.${encode(claims)}.`,
      `${encode({ alg: 'none' })}.${encode(claims)}.`,
      `${symmetric}.${createHmac('sha256', pem).update(symmetric).digest('base64url')}`,
      `${encode(head)}.${encode(claims)}.${Buffer.alloc(64).toString('base64url')}`,
      signed({ ...head, jwk: jwks.keys[0] }, claims, keysOf('a').serviceAccountKey),
      signed({ ...head, jku: `${a.url}/openid/v1/jwks` }, claims, keysOf('a').serviceAccountKey),
    ];
    for (const token of tokens) expect(await usersOf({ token })).toEqual([401, 401, 401]);
  });

  it('of an issuer that keys would have to be fetched from', async () => {
    const { claims, head } = partsOf(await world.a.token('boss'));
    for (const iss of [`${world.a.url}`, 'https://169.254.169.254', 'https://issuer.test'])
      expect(
        await usersOf({ token: signed(head, { ...claims, iss }, keysOf('a').serviceAccountKey) }),
      ).toEqual([401, 401, 401]);
  });

  it('of a Secret, as clients of old have it', async () => {
    const { a } = world;
    await a.token('boss');
    await a.create(SECRETS, {
      type: 'kubernetes.io/service-account-token',
      metadata: { name: 'boss-token', annotations: { 'kubernetes.io/service-account.name': 'boss' } },
    });
    const token = await eventually('the token', async () => {
      const { data } = (await a.get(`${SECRETS}/boss-token`)).json();
      return data?.token as string | undefined;
    });
    const who = { token: Buffer.from(token, 'base64').toString() };
    expect(await usersOf(who)).toEqual([ACCOUNT, 401, 401]);
  });

  it('that bootstraps a node', async () => {
    const { a } = world;
    const made = await a.create('/api/v1/namespaces/kube-system/secrets', {
      type: 'bootstrap.kubernetes.io/token',
      metadata: { name: 'bootstrap-token-abcdef' },
      stringData: {
        'token-id': 'abcdef',
        'token-secret': '0123456789abcdef',
        'usage-bootstrap-authentication': 'true',
      },
    });
    expect(made.code).toBe(201);
    const who = { token: 'abcdef.0123456789abcdef' };
    expect(await usersOf(who)).toEqual(['system:bootstrap:abcdef', 401, 401]);
  });

  it('in the protocol of a WebSocket', async () => {
    const token = Buffer.from(await world.a.token('boss')).toString('base64url');
    const answers = await Promise.all(
      ['/clusters/a', '/clusters/b', ''].map((prefix) =>
        sendBytes(
          world.sampan.url,
          [
            `GET ${prefix}${SECRETS}?watch=1 HTTP/1.1`,
            'Host: x',
            'Connection: Upgrade',
            'Upgrade: websocket',
            'Sec-WebSocket-Version: 13',
            'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
            `Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.${token}, base64.binary.k8s.io`,
            '\r\n',
          ].join('\r\n'),
        ),
      ),
    );
    expect(answers.map((text) => text.slice(9, 12))).toEqual(['101', '401', '401']);
  });

  it('reviewed by the cluster that is asked', async () => {
    const { a, b } = world;
    const review = async (cluster: Cluster, token: string) =>
      (
        await cluster.create('/apis/authentication.k8s.io/v1/tokenreviews', {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenReview',
          spec: { token },
        })
      ).json().status.authenticated;
    const token = await b.token('boss');
    expect([await review(b, token), await review(a, token)]).toEqual([true, undefined]);
  });
});

it('what clusters stand on is on disk for the server’s user alone', () => {
  const { root, clusters, guestsSocket } = homeLayout(world.sampan.home);
  const files = ['a', 'b'].flatMap((name) =>
    readdirSync(join(clusters, name)).map((file) => join(clusters, name, file)),
  );
  expect(files.map((file) => basename(file))).toContain('keys.json');
  for (const path of [...files, guestsSocket]) expect([path, statSync(path).mode & 0o077]).toEqual([path, 0]);
  for (const name of ['a', 'b']) expect(statSync(join(clusters, name)).mode & 0o077).toBe(0);
  // nobody but root and the server's group comes as far
  expect(statSync(root).mode & 0o007).toBe(0);
});

describe('what a cluster grants holds there', () => {
  const ROLES = '/apis/rbac.authorization.k8s.io/v1/clusterroles';

  it('to strangers', async () => {
    const { a, b, host } = world;
    const code = async (cluster: Cluster) =>
      (await ask(cluster.url, { path: `${cluster.prefix}${SECRETS}` })).code;
    expect(await Promise.all([a, b, host].map(code))).toEqual([403, 403, 403]);
    const made = await a.create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: 'strangers' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'User', name: 'system:anonymous', apiGroup: 'rbac.authorization.k8s.io' }],
    });
    expect(made.code).toBe(201);
    expect(await Promise.all([a, b, host].map(code))).toEqual([200, 403, 403]);
    await a.remove('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/strangers');
    expect(await code(a)).toBe(403);
  });

  it('by a role that every cluster has from the start', async () => {
    const { a, b, host } = world;
    const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
    const body = {
      metadata: { annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } },
      rules,
    };
    const type = 'application/merge-patch+json';
    const path = `${ROLES}/system:public-info-viewer`;
    expect((await a.ask({ method: 'PATCH', path, type, body })).code).toBe(200);
    // who is bound to it: strangers
    const code = async (cluster: Cluster) =>
      (await ask(cluster.url, { path: `${cluster.prefix}${SECRETS}` })).code;
    expect(await Promise.all([a, b, host].map(code))).toEqual([200, 403, 403]);
    for (const cluster of [b, host]) expect((await cluster.get(path)).json().rules).not.toEqual(rules);
    const back = (await b.get(path)).json().rules;
    await a.ask({ method: 'PATCH', path, type, body: { rules: back } });
  });

  it('and what it takes away is taken there', async () => {
    const { a, b, host } = world;
    expect((await a.remove(`${ROLES}/cluster-admin`)).code).toBe(200);
    expect((await a.get(`${ROLES}/cluster-admin`)).code).toBe(404);
    for (const cluster of [b, host]) expect((await cluster.get(`${ROLES}/cluster-admin`)).code).toBe(200);
    const token = await b.token('boss');
    expect((await b.ask({ path: SECRETS, token })).code).toBe(200);
  });
});
