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
import { ROLE_ACTIONS } from '../projects/roles.ts';
import { MEMBER_KINDS } from './project.ts';
import { definitionOf, glob } from './schema.ts';

export const role = text('What it may do: guest pulls, developer pushes too, maintainer and admin delete.', {
  enum: Object.keys(ROLE_ACTIONS),
});

/** A label of DNS is a path component of the distribution specification, too, and has no dot (robots' names do). */
export const PROJECT_NAME = { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 63 };

const selector = {
  repositories: glob('Which repositories, without the project’s name; absent: all.'),
  tags: glob('Which tags; absent: all.'),
};

const days = (description: string) => number(description, { minimum: 1, maximum: 36_500 });

const RETENTION = object('Which tags are deleted in the end.', {
  schedule: text('When, in five fields of cron, in UTC; absent: only when asked.', { maxLength: 100 }),
  dryRun: flag('Only tell what would be deleted.'),
  requestedAt: time('Once now; each new time asks once.'),
  rules: list(
    'A tag that a rule matches is deleted, unless a rule keeps it; others are kept.',
    object('Keeps what any of its “keep…” keeps; one without any keeps all that it matches.', {
      ...selector,
      keepLast: number('So many that were pushed last, in each repository.', { maximum: 1_000_000 }),
      keepPulledDays: days('What was pulled in so many days.'),
      keepPushedDays: days('What was pushed in so many days.'),
    }),
    50,
  ),
  keepUntaggedDays: days('Manifests without a tag are deleted so long after a push or pull; absent: never.'),
});

const SPEC = object('What is wanted.', {
  description: text('What it is for, for people.'),
  public: flag('All may pull, without credentials too.'),
  quota: object('What it may take; absent: as much as there is.', {
    bytes: number('Of distinct blobs and manifests.'),
  }),
  members: list(
    'Who may do what.',
    object(
      'Someone, and what they may do.',
      {
        kind: text('What has this name.', { enum: MEMBER_KINDS }),
        name: text('Of a ServiceAccount: NAMESPACE/NAME.', { minLength: 1, maxLength: 320 }),
        role,
      },
      ['kind', 'name', 'role'],
    ),
    1000,
    { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['kind', 'name'] },
  ),
  immutability: list(
    'Tags that can be neither moved nor deleted.',
    object('Tags that both fields match.', selector),
    50,
  ),
  retention: RETENTION,
  allowedArtifactTypes: list(
    'Media types of artifacts that may be pushed; empty: all.',
    glob('One or more.'),
    50,
  ),
});

const STATUS = object('What is.', {
  observedGeneration,
  conditions: conditions('Ready, QuotaExceeded or Retained.'),
  usedBytes: number('Of distinct blobs and manifests.'),
  repositories: number('Repositories that hold something.'),
  tags: number('Tags of all of them.'),
  retention: object('What the last run of retention did, or would have done.', {
    time: time('When.'),
    handled: time('As it was asked, if it was.'),
    dryRun: flag('It deleted nothing.'),
    deleted: list('REPOSITORY:TAG, a hundred at most.', text('REPOSITORY:TAG'), 100),
    count: number('Of all that were deleted.'),
  }),
});

/** The kind Project as a CustomResourceDefinition. */
export const projectDefinition: KubeObject = definitionOf({
  plural: 'projects',
  singular: 'project',
  kind: 'Project',
  description: 'A part of the registry: the repositories whose names begin with its own.',
  // `robot/NAME` is how robots of several projects log in
  name: { ...PROJECT_NAME, not: { enum: ['robot'] } },
  spec: SPEC,
  status: STATUS,
  columns: [
    { name: 'Public', type: 'boolean', jsonPath: '.spec.public' },
    { name: 'Repositories', type: 'integer', jsonPath: '.status.repositories' },
    { name: 'Tags', type: 'integer', jsonPath: '.status.tags', priority: 1 },
    { name: 'Used', type: 'integer', jsonPath: '.status.usedBytes' },
    { name: 'Quota', type: 'integer', jsonPath: '.spec.quota.bytes', priority: 1 },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
});
