import type { KubeObject } from '@sampan/api';
import { conditions, flag, list, object, observedGeneration, text, time } from '@sampan/api/custom-kinds';
import { PROJECT_NAME, role } from './project-definition.ts';
import { definitionOf } from './schema.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';

const place = (description: string) =>
  object(
    description,
    {
      namespace: text('Its namespace.', { pattern: `^${LABEL}$`, maxLength: 63 }),
      name: text('Its name.', { minLength: 1, maxLength: 253 }),
    },
    ['namespace', 'name'],
  );

const SPEC = object('What is wanted.', {
  description: text('What it is for, for people.'),
  permissions: list(
    'What it may do where.',
    object(
      'What it may do in one project.',
      { project: text('A project; “*”: all of them.', { pattern: `^(\\*|${LABEL})$`, maxLength: 63 }), role },
      ['project', 'role'],
    ),
    1000,
    { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['project'] },
  ),
  expiresAt: time('From then on it may do nothing; absent: never.'),
  disabled: flag('It may do nothing.'),
  secretHash: text('Of a secret that someone else keeps: sha256$SALT$HASH in base64url.', {
    pattern: '^sha256\\$[A-Za-z0-9_-]{16,128}\\$[A-Za-z0-9_-]{43}$',
  }),
  secretRef: place(
    'A Secret of type kubernetes.io/dockerconfigjson, made with a new secret and deleted with the robot.',
  ),
});

const STATUS = object('What is.', {
  observedGeneration,
  conditions: conditions('Ready.'),
  login: text('The name to log in with.'),
  lastUsed: time('When it last got a token; may be some minutes old.'),
  secretRef: place('Where its Secret was made.'),
  secretHash: text('Of what its Secret holds, as spec.secretHash.'),
});

/** The kind RobotAccount as a CustomResourceDefinition. */
export const robotDefinition: KubeObject = definitionOf({
  plural: 'robotaccounts',
  singular: 'robotaccount',
  kind: 'RobotAccount',
  shortNames: ['robots', 'robot'],
  description: 'A login of programs: PROJECT.NAME of one project, or NAME of several.',
  name: { ...PROJECT_NAME, pattern: `^(${LABEL}\\.)?${LABEL}$`, maxLength: 127 },
  validations: [
    {
      // a project is named once: no loop, which would cost too much
      rule: '!has(self.spec) || !has(self.spec.permissions) || !self.metadata.name.contains(".") || self.spec.permissions.size() == 0 || (self.spec.permissions.size() == 1 && self.metadata.name.startsWith(self.spec.permissions[0].project + "."))',
      message: 'a robot named PROJECT.NAME has rights in that project only',
    },
    {
      rule: '!has(self.spec) || !has(self.spec.secretHash) || !has(self.spec.secretRef)',
      message: 'name either a hash or a Secret',
    },
  ],
  spec: SPEC,
  status: STATUS,
  columns: [
    { name: 'Login', type: 'string', jsonPath: '.status.login' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
      priority: 1,
    },
    // not of type date, which tells of the past
    { name: 'Expires', type: 'string', jsonPath: '.spec.expiresAt' },
    { name: 'Last used', type: 'date', jsonPath: '.status.lastUsed' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
});
