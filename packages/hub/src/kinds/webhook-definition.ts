import type { KubeObject } from '@sampan/api';
import {
  conditions,
  flag,
  list,
  number,
  object,
  observedGeneration,
  text,
  time,
} from '@sampan/api/custom-kinds';
import { PROJECT_NAME } from './project-definition.ts';
import { definitionOf, glob } from './schema.ts';
import { WEBHOOK_EVENTS } from './webhook.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';

const SPEC = object(
  'What is wanted.',
  {
    description: text('What it is for, for people.'),
    project: { ...text('The project that it tells of: the first part of its name.'), ...PROJECT_NAME },
    url: text(
      'Where to; this machine only as its settings allow, in webhookHosts. Credentials in it are not sent.',
      {
        pattern: '^https?://[^\\s/@]+(/\\S*)?$',
        maxLength: 2048,
      },
    ),
    caBundle: text(
      'Authorities, in PEM, that sign the receiver’s certificate; absent: those that all trust.',
      {
        maxLength: 65_536,
      },
    ),
    events: list('Of what it tells.', text('What happened.', { enum: WEBHOOK_EVENTS }), 4, {
      minItems: 1,
      'x-kubernetes-list-type': 'set',
    }),
    filter: object('Only of what both fields match.', {
      repositories: glob('Which repositories, without the project’s name; absent: all.'),
      tags: glob('Which tags; absent: all.'),
    }),
    secretRef: object(
      'The key that signs what is sent; absent: it is not signed.',
      {
        namespace: text('Of the Secret.', { pattern: `^${LABEL}$`, maxLength: 63 }),
        name: text('Of the Secret.', { minLength: 1, maxLength: 253 }),
        key: text('Which of its data.', { minLength: 1, maxLength: 253 }),
      },
      ['namespace', 'name', 'key'],
    ),
    disabled: flag('Nothing is sent.'),
    replay: object(
      'Sends a delivery once more.',
      {
        delivery: text('Its name.', { minLength: 1, maxLength: 253 }),
        requestedAt: time('Each new time asks once.'),
      },
      ['delivery', 'requestedAt'],
    ),
  },
  ['project', 'url', 'events'],
);

const STATUS = object('What is.', {
  observedGeneration,
  conditions: conditions('Ready or Replayed.'),
  lastDelivery: object('The last try.', {
    time: time('When.'),
    code: number('HTTP status; absent: there was no answer.'),
    ok: flag('It was taken.'),
  }),
  pending: number('Deliveries that are still tried.'),
  failed: number('Deliveries that were given up.'),
  replayed: time('The last “replay” that was done.'),
});

/** The kind Webhook as a CustomResourceDefinition. */
export const webhookDefinition: KubeObject = definitionOf({
  plural: 'webhooks',
  singular: 'webhook',
  kind: 'Webhook',
  description: 'Tells an HTTP server of what happens in a project. Named PROJECT.NAME.',
  name: { ...PROJECT_NAME, pattern: `^${LABEL}\\.${LABEL}$`, maxLength: 127 },
  validations: [
    {
      rule: 'has(self.spec) && self.metadata.name.startsWith(self.spec.project + ".")',
      message: 'a webhook’s name begins with its project’s',
    },
  ],
  spec: SPEC,
  status: STATUS,
  columns: [
    { name: 'Project', type: 'string', jsonPath: '.spec.project' },
    { name: 'URL', type: 'string', jsonPath: '.spec.url', priority: 1 },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Last', type: 'date', jsonPath: '.status.lastDelivery.time' },
    { name: 'Code', type: 'integer', jsonPath: '.status.lastDelivery.code' },
    { name: 'Pending', type: 'integer', jsonPath: '.status.pending' },
    { name: 'Failed', type: 'integer', jsonPath: '.status.failed' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
});
