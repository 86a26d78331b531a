import type {
  AuthorizerValue,
  DecisionValue,
  GroupCheck,
  PathCheck,
  ResourceCheck,
} from '../authorizer-values.ts';
import type { Row } from './row.ts';

/** Who may do what: only admission has an authorizer to ask. */
export const AUTHORIZATION: readonly Row[] = [
  [
    'path',
    'authorizer_path',
    'authorizer.(string) pathCheck',
    (a: AuthorizerValue, path: string) => a.path(path),
  ],
  [
    'group',
    'authorizer_group',
    'authorizer.(string) groupCheck',
    (a: AuthorizerValue, group: string) => a.group(group),
  ],
  [
    'serviceAccount',
    'authorizer_serviceaccount',
    'authorizer.(string,string) authorizer',
    (a: AuthorizerValue, namespace: string, name: string) => a.serviceAccount(namespace, name),
  ],
  ['check', 'pathcheck_check', 'pathCheck.(string) decision', (c: PathCheck, verb: string) => c.check(verb)],
  [
    'resource',
    'groupcheck_resource',
    'groupCheck.(string) resourceCheck',
    (c: GroupCheck, resource: string) => c.resource(resource),
  ],
  [
    'subresource',
    'resourcecheck_subresource',
    'resourceCheck.(string) resourceCheck',
    (c: ResourceCheck, subresource: string) => c.with({ subresource }),
  ],
  [
    'namespace',
    'resourcecheck_namespace',
    'resourceCheck.(string) resourceCheck',
    (c: ResourceCheck, namespace: string) => c.with({ namespace }),
  ],
  [
    'name',
    'resourcecheck_name',
    'resourceCheck.(string) resourceCheck',
    (c: ResourceCheck, name: string) => c.with({ name }),
  ],
  [
    'check',
    'resourcecheck_check',
    'resourceCheck.(string) decision',
    (c: ResourceCheck, verb: string) => c.check(verb),
  ],
  ['allowed', 'decision_allowed', 'decision.() bool', (d: DecisionValue) => d.allowed],
  ['reason', 'decision_reason', 'decision.() string', (d: DecisionValue) => d.reason],
  ['errored', 'decision_errored', 'decision.() bool', () => false],
  ['error', 'decision_error', 'decision.() string', () => ''],
];
