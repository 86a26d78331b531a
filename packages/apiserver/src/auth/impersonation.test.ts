import { describe, expect, it } from 'vitest';
import type { Attributes, Authorizer, UserInfo } from './contract.ts';
import { impersonate, readImpersonation } from './impersonation.ts';

const jane: UserInfo = { name: 'jane', groups: [] };
const listPods = (user: UserInfo): Attributes => ({
  user,
  verb: 'list',
  isResource: true,
  group: '',
  version: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'default',
  name: '',
  path: '',
});

/** Allows what is listed as `verb group/resource[/subresource] [namespace/]name`. */
function allowing(...rules: string[]): Authorizer & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    authorize({ verb, group, resource, subresource, namespace, name }) {
      const what = `${verb} ${group}/${resource}${subresource === '' ? '' : `/${subresource}`} ${namespace === '' ? '' : `${namespace}/`}${name}`;
      asked.push(what);
      return { allowed: rules.includes(what), reason: '' };
    },
  };
}

function act(headers: string[], authorizer: Authorizer, as: UserInfo = jane): UserInfo {
  const wanted = readImpersonation(headers);
  if (!wanted) throw new Error('no impersonation');
  return impersonate(wanted, listPods(as), authorizer);
}

describe('impersonation', () => {
  it('is not there without its headers', () => {
    expect(readImpersonation(['Host', 'x', 'If-Match', 'y', 'Impersonator', 'z'])).toBeUndefined();
  });

  it('needs the verb impersonate for each part and adds system:authenticated', () => {
    const headers = [
      'Impersonate-User',
      'bob',
      'impersonate-group',
      'a',
      'Impersonate-Group',
      'b',
      'Impersonate-Uid',
      '7',
      'Impersonate-Extra-Acme.com%2Fproject',
      'p',
      'Impersonate-Extra-Acme.com%2FProject',
      'q',
    ];
    const all = [
      'impersonate /users bob',
      'impersonate /groups a',
      'impersonate /groups b',
      'impersonate authentication.k8s.io/uids 7',
      'impersonate authentication.k8s.io/userextras/acme.com/project p',
      'impersonate authentication.k8s.io/userextras/acme.com/project q',
    ];
    expect(act(headers, allowing(...all))).toEqual({
      name: 'bob',
      uid: '7',
      groups: ['a', 'b', 'system:authenticated'],
      extra: { 'acme.com/project': ['p', 'q'] },
    });
    for (const missing of all)
      expect(() => act(headers, allowing(...all.filter((rule) => rule !== missing)))).toThrow('forbidden');
  });

  it('refused reads as upstream', () => {
    expect(() => act(['Impersonate-User', 'bob'], allowing())).toThrow(
      'users "bob" is forbidden: User "jane" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
    expect(() => act(['Impersonate-Group', 'g'], allowing())).toThrow(
      'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"g"}, Extra:map[string][]string(nil)} without impersonating a user name',
    );
    expect(() => act(['Impersonate-User', 'system:serviceaccount:ns:bot'], allowing())).toThrow(
      'serviceaccounts "bot" is forbidden: User "jane" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "ns"',
    );
  });

  it('of service accounts gives their groups, of the anonymous theirs', () => {
    expect(
      act(
        ['Impersonate-User', 'system:serviceaccount:ns:bot'],
        allowing('impersonate /serviceaccounts ns/bot'),
      ).groups,
    ).toEqual(['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated']);
    expect(
      act(['Impersonate-User', 'system:anonymous'], allowing('impersonate /users system:anonymous')).groups,
    ).toEqual(['system:unauthenticated']);
    expect(
      act(
        ['Impersonate-User', 'bob', 'Impersonate-Group', 'system:unauthenticated'],
        allowing('impersonate /users bob', 'impersonate /groups system:unauthenticated'),
      ).groups,
    ).toEqual(['system:unauthenticated']);
  });

  it('may be allowed for certain requests only', () => {
    const rules = [
      'impersonate-on:user-info:list /pods default/',
      'impersonate:user-info authentication.k8s.io/users bob',
      'impersonate:user-info authentication.k8s.io/groups system:masters',
    ];
    expect(act(['Impersonate-User', 'bob'], allowing(...rules)).name).toBe('bob');
    expect(() => act(['Impersonate-User', 'bob'], allowing(...rules.slice(1)))).toThrow('forbidden');
    expect(() => act(['Impersonate-User', 'bob'], allowing(rules[0] ?? ''))).toThrow('forbidden');
    expect(() =>
      act(['Impersonate-User', 'bob', 'Impersonate-Group', 'system:masters'], allowing(...rules)),
    ).toThrow('forbidden');
  });

  it('of the node that a pod runs on may be allowed to its account', () => {
    const rules = [
      'impersonate-on:associated-node:list /pods default/',
      'impersonate:associated-node authentication.k8s.io/nodes *',
    ];
    const agent = (node: string): UserInfo => ({
      name: 'system:serviceaccount:ns:agent',
      groups: [],
      extra: { 'authentication.kubernetes.io/node-name': [node] },
    });
    expect(act(['Impersonate-User', 'system:node:n1'], allowing(...rules), agent('n1'))).toEqual({
      name: 'system:node:n1',
      groups: ['system:nodes', 'system:authenticated'],
    });
    expect(() => act(['Impersonate-User', 'system:node:n1'], allowing(...rules), agent('n2'))).toThrow(
      'forbidden',
    );
  });

  it('with keys of object properties is harmless and without end is refused', () => {
    const wanted = readImpersonation(['Impersonate-User', 'bob', 'Impersonate-Extra-__proto__', 'x']);
    expect([...(wanted?.extra ?? [])]).toEqual([['__proto__', ['x']]]);
    const user = act(['Impersonate-User', 'bob', 'Impersonate-Extra-__proto__', 'x'], {
      authorize: () => ({ allowed: true, reason: '' }),
    });
    expect(Object.hasOwn(user.extra ?? {}, '__proto__')).toBe(true);
    expect(() =>
      readImpersonation(Array.from({ length: 5000 }, (_, i) => (i % 2 ? 'x' : 'Impersonate-Group'))),
    ).toThrow('too many');
  });
});
