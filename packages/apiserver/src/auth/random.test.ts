import { describe, expect, it } from 'vitest';
import type { Attributes, UserInfo } from './contract.ts';
import { NodeGraph } from './node/node-graph.ts';
import { referenceKey } from './node/pod-references.ts';
import {
  type BindingObject,
  COLLECTION,
  listOf,
  type PolicyRule,
  RBAC_GROUP,
  type RbacSubject,
  type RoleObject,
} from './rbac/policy.ts';
import { RbacAuthorizer } from './rbac/rbac-authorizer.ts';
import { RbacIndex } from './rbac/rbac-index.ts';
import { TestReader } from './test-reader.ts';

/** Mulberry32: the same numbers at each run. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Upstream's way: every binding, every subject, every rule. */
function allowsBySearch(
  reader: TestReader,
  { user, verb, group, resource, subresource, namespace, name }: Attributes,
): boolean {
  const combined = subresource === '' ? resource : `${resource}/${subresource}`;
  const matches = (rule: PolicyRule): boolean =>
    listOf(rule.verbs).some((each) => each === '*' || each === verb) &&
    listOf(rule.apiGroups).some((each) => each === '*' || each === group) &&
    listOf(rule.resources).some(
      (each) => each === '*' || each === combined || (subresource !== '' && each === `*/${subresource}`),
    ) &&
    (listOf(rule.resourceNames).length === 0 || listOf(rule.resourceNames).includes(name));
  const applies = (subject: RbacSubject, in_: string): boolean =>
    subject.kind === 'User'
      ? subject.name === user.name
      : subject.kind === 'Group'
        ? user.groups.includes(subject.name)
        : user.name === `system:serviceaccount:${subject.namespace || in_}:${subject.name}` &&
          (subject.namespace || in_) !== '';
  const grants = (binding: BindingObject, in_: string): boolean => {
    if (!(binding.subjects ?? []).some((subject) => applies(subject, in_))) return false;
    const role =
      binding.roleRef.kind === 'Role'
        ? reader.get<RoleObject>(COLLECTION.roles, in_, binding.roleRef.name)
        : reader.get<RoleObject>(COLLECTION.clusterRoles, '', binding.roleRef.name);
    return (role?.rules ?? []).some(matches);
  };
  return (
    reader.list<BindingObject>(COLLECTION.clusterRoleBindings).some((each) => grants(each, '')) ||
    (namespace !== '' &&
      reader.list<BindingObject>(COLLECTION.roleBindings, namespace).some((each) => grants(each, namespace)))
  );
}

describe('after any changes', () => {
  it('the RBAC index answers as a search through all bindings would', () => {
    const random = createRandom(1);
    const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
    const some = <T>(list: readonly T[]): T[] => list.filter(() => random(2) === 0);
    const verbs = ['get', 'list', '*'];
    const resources = ['pods', 'pods/log', '*/scale', 'secrets', '*'];
    const rules = (): PolicyRule[] =>
      Array.from({ length: random(3) }, () => ({
        verbs: some(verbs),
        apiGroups: some(['', 'apps', '*']),
        resources: some(resources),
        resourceNames: random(3) === 0 ? ['a'] : [],
      }));
    const subjects = (): RbacSubject[] =>
      Array.from({ length: random(4) }, () =>
        pick([
          { kind: 'User', name: 'u1' },
          { kind: 'User', name: 'u2' },
          { kind: 'Group', name: 'g1' },
          { kind: 'Group', name: 'g2' },
          { kind: 'ServiceAccount', name: 's1' },
          { kind: 'ServiceAccount', name: 's1', namespace: 'n2' },
          { kind: 'Odd', name: 'u1' },
        ]),
      );
    const users: UserInfo[] = [
      { name: 'u1', groups: ['g1'] },
      { name: 'u2', groups: ['g1', 'g2'] },
      { name: 'system:serviceaccount:n1:s1', groups: [] },
      { name: 'system:serviceaccount:n2:s1', groups: ['g2'] },
    ];
    const namespaces = ['n1', 'n2'];
    const names = ['x', 'y', 'z'];
    const reader = new TestReader();
    const rbac = new RbacAuthorizer(new RbacIndex(reader));
    let allowed = 0;
    for (let round = 0; round < 3000; round++) {
      const collection = pick(Object.values(COLLECTION));
      const isLocal = collection === COLLECTION.roles || collection === COLLECTION.roleBindings;
      const isRole = collection === COLLECTION.roles || collection === COLLECTION.clusterRoles;
      const metadata = { name: pick(names), ...(isLocal ? { namespace: pick(namespaces) } : {}) };
      if (random(4) === 0) reader.remove(collection, metadata.namespace ?? '', metadata.name);
      else if (isRole) reader.put(collection, { metadata, rules: rules() });
      else
        reader.put(collection, {
          metadata,
          roleRef: {
            apiGroup: RBAC_GROUP,
            kind: isLocal ? pick(['Role', 'ClusterRole']) : 'ClusterRole',
            name: pick(names),
          },
          subjects: subjects(),
        });
      const [resource = '', subresource = ''] = pick([
        'pods',
        'pods/log',
        'deployments/scale',
        'secrets',
      ]).split('/');
      const attributes: Attributes = {
        user: pick(users),
        verb: pick(['get', 'list', 'delete']),
        isResource: true,
        group: pick(['', 'apps']),
        version: 'v1',
        resource,
        subresource,
        namespace: pick(['', ...namespaces]),
        name: pick(['', 'a', 'b']),
        path: '',
      };
      const expected = allowsBySearch(reader, attributes);
      if (expected) allowed++;
      expect(rbac.authorize(attributes).allowed, `round ${round}`).toBe(expected);
    }
    expect(allowed).toBeGreaterThan(100);
    expect(allowed).toBeLessThan(2900);
  });

  it('the node graph is the one that a fresh start would build', () => {
    const random = createRandom(2);
    const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
    const reader = new TestReader();
    const graph = new NodeGraph(reader);
    let uid = 0;
    for (let round = 0; round < 400; round++) {
      const name = pick(['a', 'b', 'c', 'd']);
      const what = random(5);
      if (what === 0) reader.remove('pods', 'ns', name);
      else if (what === 1) reader.remove('persistentvolumes', '', name);
      else if (what === 2) {
        reader.put('persistentvolumes', {
          metadata: { name },
          spec: {
            ...(random(3) ? { claimRef: { namespace: 'ns', name: pick(['c1', 'c2']) } } : {}),
            csi: { nodeStageSecretRef: { namespace: 'far', name: pick(['s1', 's2']) } },
          },
        });
      } else {
        reader.remove('pods', 'ns', name);
        reader.put('pods', {
          metadata: { namespace: 'ns', name, uid: String(uid++) },
          spec: {
            ...(random(4) ? { nodeName: pick(['n1', 'n2']) } : {}),
            volumes: [
              { name: 'v', secret: { secretName: pick(['s1', 's2']) } },
              { name: 'w', persistentVolumeClaim: { claimName: pick(['c1', 'c2']) } },
            ],
          },
        });
      }
      const fresh = new NodeGraph(reader);
      const keys = [
        ...['s1', 's2'].flatMap((secret) => [
          referenceKey('secret', 'ns', secret),
          referenceKey('secret', 'far', secret),
        ]),
        ...['c1', 'c2'].map((claim) => referenceKey('pvc', 'ns', claim)),
        ...['a', 'b', 'c', 'd'].flatMap((each) => [
          referenceKey('pv', '', each),
          referenceKey('pod', 'ns', each),
        ]),
      ];
      const picture = (of: NodeGraph) =>
        keys.flatMap((key) => ['n1', 'n2'].map((node) => of.isRelated(key, node)));
      expect(picture(graph), `round ${round}`).toEqual(picture(fresh));
      fresh.close();
    }
  });
});
