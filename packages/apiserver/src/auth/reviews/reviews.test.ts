import { generateKeyPairSync } from 'node:crypto';
import type { KubeObject } from '@sampan/api';
import { FakeClock } from '@sampan/base';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ClusterAuth, createClusterAuth } from '../cluster-auth.ts';
import type { UserInfo } from '../contract.ts';
import { planDefaultPolicy } from '../rbac/reconcile.ts';
import { TestReader } from '../test-reader.ts';
import { SigningKeys } from '../tokens/signing-keys.ts';
import { issueServiceAccountToken } from '../tokens/token-request.ts';
import { REVIEWS } from './reviews.ts';

const jane: UserInfo = {
  name: 'jane',
  uid: '7',
  groups: ['dev', 'system:authenticated'],
  extra: { a: ['b'] },
};
const clock = new FakeClock();
let reader: TestReader;
let auth: ClusterAuth;

beforeEach(() => {
  reader = new TestReader();
  auth = createClusterAuth({
    reader,
    clock,
    keys: new SigningKeys(
      generateKeyPairSync('ec', { namedCurve: 'P-256' })
        .privateKey.export({ type: 'pkcs8', format: 'pem' })
        .toString(),
    ),
  });
  for (const { collection, object } of planDefaultPolicy(reader)) reader.put(collection, object);
});

function review(
  resource: string,
  spec: object,
  metadata: object = {},
  namespace = '',
  user: UserInfo = jane,
): KubeObject {
  const make = REVIEWS.get(resource);
  if (!make) throw new Error(resource);
  const group = resource.slice(resource.indexOf('.') + 1);
  return make(
    { apiVersion: `${group}/v1`, kind: 'Review', metadata, spec },
    { ...auth, user, namespace, now: clock.now() },
  );
}
const AUTHZ = 'authorization.k8s.io';
const get = { namespace: 'n', verb: 'get', resource: 'pods' };

describe('access reviews', () => {
  it('answer for oneself', () => {
    expect(review(`selfsubjectaccessreviews.${AUTHZ}`, { resourceAttributes: get }).status).toEqual({
      allowed: false,
    });
    expect(
      review(`selfsubjectaccessreviews.${AUTHZ}`, { nonResourceAttributes: { path: '/apis', verb: 'get' } })
        .status,
    ).toEqual({
      allowed: true,
      reason:
        'RBAC: allowed by ClusterRoleBinding "system:discovery" of ClusterRole "system:discovery" to Group "system:authenticated"',
    });
    expect(
      review(`selfsubjectaccessreviews.${AUTHZ}`, { resourceAttributes: get }, {}, '', {
        name: 'r',
        groups: ['system:masters'],
      }).status,
    ).toEqual({ allowed: true });
  });

  it('answer for others and for nodes by their field selectors', () => {
    expect(
      review(`subjectaccessreviews.${AUTHZ}`, {
        user: 'x',
        groups: ['system:masters'],
        resourceAttributes: get,
      }).status,
    ).toEqual({ allowed: true });
    const asNode = (selector: object) =>
      review(`subjectaccessreviews.${AUTHZ}`, {
        user: 'system:node:n1',
        groups: ['system:nodes'],
        resourceAttributes: { verb: 'list', resource: 'pods', fieldSelector: selector },
      }).status.allowed;
    expect(asNode({ rawSelector: 'spec.nodeName=n1' })).toBe(true);
    expect(asNode({ requirements: [{ key: 'spec.nodeName', operator: 'In', values: ['n1'] }] })).toBe(true);
    expect(asNode({ requirements: [{ key: 'spec.nodeName', operator: 'In', values: ['n1', 'n2'] }] })).toBe(
      false,
    );
  });

  it("refuse what makes no sense with upstream's texts", () => {
    const fail =
      (resource: string, spec: object, metadata: object = {}, namespace = '') =>
      () =>
        review(`${resource}.${AUTHZ}`, spec, metadata, namespace);
    expect(fail('selfsubjectaccessreviews', {})).toThrow(
      '.authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: "null": exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
    expect(
      fail('selfsubjectaccessreviews', {
        resourceAttributes: get,
        nonResourceAttributes: { path: '/x', verb: 'get' },
      }),
    ).toThrow(
      'spec.nonResourceAttributes: Invalid value: {"path":"/x","verb":"get"}: cannot be specified in combination with resourceAttributes',
    );
    expect(fail('subjectaccessreviews', { resourceAttributes: get })).toThrow(
      'spec.user: Invalid value: "": at least one of user or group must be specified',
    );
    expect(fail('subjectaccessreviews', { user: 'x', resourceAttributes: get }, { name: 'y' })).toThrow(
      'must be empty',
    );
    expect(
      fail('localsubjectaccessreviews', { user: 'x', resourceAttributes: get }, { namespace: 'm' }, 'm'),
    ).toThrow('spec.resourceAttributes.namespace: Invalid value: "n": must match metadata.namespace');
    expect(
      fail('localsubjectaccessreviews', { user: 'x', resourceAttributes: get }, { namespace: 'n' }, 'm'),
    ).toThrow('spec.resourceAttributes.namespace must match namespace: m');
    expect(fail('selfsubjectrulesreviews', {})).toThrow('no namespace on request');
  });

  it('list the rules of a user', () => {
    const { status, spec } = review(`selfsubjectrulesreviews.${AUTHZ}`, { namespace: 'n' });
    expect(spec).toEqual({});
    expect(status.incomplete).toBe(false);
    expect(status.resourceRules).toContainEqual({
      verbs: ['create'],
      apiGroups: [AUTHZ],
      resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
    });
    expect(status.nonResourceRules).toHaveLength(2);
    expect(
      review(`selfsubjectrulesreviews.${AUTHZ}`, { namespace: 'n' }, {}, '', {
        name: 'system:node:n1',
        groups: ['system:nodes'],
      }).status,
    ).toMatchObject({
      incomplete: true,
      evaluationError: 'node authorizer does not support user rule resolution',
    });
  });
});

describe('authentication reviews', () => {
  it('tell who one is', () => {
    expect(review('selfsubjectreviews.authentication.k8s.io', {})).toMatchObject({
      metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
      status: {
        userInfo: {
          username: 'jane',
          uid: '7',
          groups: ['dev', 'system:authenticated'],
          extra: { a: ['b'] },
        },
      },
    });
  });

  it('tell whose a token is', () => {
    reader.put('serviceaccounts', { metadata: { namespace: 'n', name: 'bot', uid: 'u' } });
    const token = issueServiceAccountToken(
      auth.tokenIssuer,
      { namespace: 'n', name: 'bot' },
      { apiVersion: '', kind: '', metadata: {}, spec: { audiences: ['vault'] } },
    ).status.token;
    const ask = (spec: object) => review('tokenreviews.authentication.k8s.io', spec).status;
    expect(ask({ token, audiences: ['vault', 'x'] })).toMatchObject({
      authenticated: true,
      audiences: ['vault'],
      user: { username: 'system:serviceaccount:n:bot', uid: 'u' },
    });
    expect(ask({ token })).toEqual({
      user: {},
      error:
        '[invalid bearer token, token audiences ["vault"] is invalid for the target audiences ["https://kubernetes.default.svc.cluster.local"]]',
    });
    expect(ask({ token: 'nonsense' })).toEqual({ user: {}, error: 'invalid bearer token' });
    expect(() => ask({})).toThrow('token is required for TokenReview in authentication');
  });
});
