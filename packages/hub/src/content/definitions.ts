import {
  type Column,
  humanDuration,
  type KubeObject,
  type OpenApiDefinition,
  type ResourceDefinition,
} from '@sampan/api';
import { flag, list, number, object, type Schema, text, time } from '@sampan/api/custom-kinds';
import { CONTENT_GROUP, HUB_VERSION } from '../kinds/group.ts';
import { humanBytes } from './human-bytes.ts';

interface ContentDefinition {
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly shortNames?: readonly string[];
  readonly description: string;
  readonly properties: Schema;
  /** Paths of fields that lists may be selected by. */
  readonly selectable: readonly string[];
  readonly columns: readonly Column[];
}

const NAME: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  cell: ({ metadata }) => metadata.name ?? '',
};

const field = (object: KubeObject, path: string): unknown =>
  path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object);

const string = (object: KubeObject, path: string): string => String(field(object, path) ?? '');

const shown = (name: string, path: string, priority = 0): Column => ({
  name,
  type: 'string',
  priority,
  cell: (object) => string(object, path),
});

const bytes = (name: string, path: string): Column => ({
  name,
  type: 'string',
  cell: (object) => humanBytes(Number(field(object, path) ?? 0)),
});

/** How long ago. */
const ago = (name: string, path: string, priority = 0): Column => ({
  name,
  type: 'string',
  priority,
  cell: (object, now) => {
    const at = Date.parse(string(object, path));
    return Number.isNaN(at) ? 'never' : humanDuration(now - at);
  },
});

const PROJECT = { project: text('The project that it belongs to.') };
const REPOSITORY = { ...PROJECT, repository: text('The repository, with its project.') };
const MANIFEST = {
  ...REPOSITORY,
  digest: text('Of the manifest.'),
  mediaType: text('Of the manifest.'),
  artifactType: text(
    'What sort of artifact it is: the type of the config, where the manifest says no other.',
  ),
  size: number('Bytes of the manifest.'),
  contentBytes: number('Bytes with all that it needs; what is shared within an index counts for each.'),
  pushed: time('When it was pushed last.'),
  pulled: time('When it was pulled last; may be some seconds old. Absent: never.'),
};

/** What the registry holds, as a Kubernetes API tells of it: read only, and never stored there. */
export const CONTENT_DEFINITIONS: readonly (ResourceDefinition & OpenApiDefinition)[] = [
  define({
    resource: 'repositories',
    singular: 'repository',
    kind: 'Repository',
    shortNames: ['repo', 'repos'],
    description: 'A repository that holds something. In its name every “/” is written “:”.',
    properties: {
      spec: object('What it is.', REPOSITORY),
      status: object('What it holds.', {
        tags: number('Its tags.'),
        manifests: number('Its manifests, with those that no tag names.'),
        bytes: number('Of its distinct blobs and manifests.'),
        pushed: time('The last push.'),
        pulled: time('The last pull; absent: never.'),
      }),
    },
    selectable: ['spec.project', 'spec.repository'],
    columns: [
      NAME,
      shown('Project', 'spec.project', 1),
      shown('Tags', 'status.tags'),
      shown('Manifests', 'status.manifests', 1),
      bytes('Size', 'status.bytes'),
      ago('Pushed', 'status.pushed'),
      ago('Pulled', 'status.pulled', 1),
    ],
  }),
  define({
    resource: 'tags',
    singular: 'tag',
    kind: 'Tag',
    description: 'A tag of a repository: REPOSITORY:TAG, where every “/” is written “:”.',
    properties: {
      spec: object('What it is, and what it names.', { ...MANIFEST, tag: text('The tag alone.') }),
    },
    selectable: ['spec.project', 'spec.repository', 'spec.tag', 'spec.digest', 'spec.artifactType'],
    columns: [
      NAME,
      { ...shown('Digest', 'spec.digest'), cell: (tag) => string(tag, 'spec.digest').slice(0, 19) },
      shown('Type', 'spec.artifactType', 1),
      bytes('Size', 'spec.contentBytes'),
      ago('Pushed', 'spec.pushed'),
      ago('Pulled', 'spec.pulled', 1),
    ],
  }),
  define({
    resource: 'manifests',
    singular: 'manifest',
    kind: 'Manifest',
    description: 'A manifest of a repository: REPOSITORY@DIGEST, where every “/” is written “:”.',
    properties: {
      spec: object('What it is.', {
        ...MANIFEST,
        subject: text('The digest of what it is about: a signature’s image, for example.'),
        annotations: object('As it has them.', {}, [], { additionalProperties: text('Any text.') }),
        tags: list('Tags that name it.', text('A tag alone.'), 1_000_000),
      }),
    },
    selectable: ['spec.project', 'spec.repository', 'spec.digest', 'spec.subject', 'spec.artifactType'],
    columns: [
      NAME,
      shown('Type', 'spec.artifactType', 1),
      {
        ...shown('Tags', 'spec.tags'),
        cell: (manifest) => (field(manifest, 'spec.tags') as string[] | undefined)?.join(',') ?? '',
      },
      bytes('Size', 'spec.contentBytes'),
      ago('Pushed', 'spec.pushed'),
      ago('Pulled', 'spec.pulled', 1),
    ],
  }),
  define({
    resource: 'deliveries',
    singular: 'delivery',
    kind: 'Delivery',
    description: 'An event that a webhook is told, or was.',
    properties: {
      spec: object('What is told, and to whom.', {
        ...PROJECT,
        webhook: text('The name of the Webhook.'),
        type: text('push, pull, delete or quota.'),
        event: object('What happened.', {}, [], { 'x-kubernetes-preserve-unknown-fields': true }),
      }),
      status: object('What became of it.', {
        state: text('pending, delivered or failed.'),
        attempts: number('Tries of this round; a replay begins another.'),
        nextTry: time('When it is tried next.'),
        lastTry: time('The last try.'),
        code: number('HTTP status of the last answer.'),
        error: text('Why the last try failed.'),
        milliseconds: number('How long the last try took.'),
        ok: flag('It was taken.'),
      }),
    },
    selectable: ['spec.project', 'spec.webhook', 'spec.type', 'status.state'],
    columns: [
      NAME,
      shown('Webhook', 'spec.webhook'),
      shown('Event', 'spec.type'),
      shown('State', 'status.state'),
      shown('Code', 'status.code'),
      shown('Tries', 'status.attempts', 1),
      shown('Error', 'status.error', 1),
      ago('Age', 'metadata.creationTimestamp'),
    ],
  }),
];

function define(definition: ContentDefinition): ResourceDefinition & OpenApiDefinition {
  const { resource, singular, kind, shortNames, description, properties, selectable, columns } = definition;
  const fields = selectable.map((path) => [path, (object: KubeObject) => string(object, path)] as const);
  return {
    group: CONTENT_GROUP,
    version: HUB_VERSION,
    kind,
    resource,
    singular,
    namespaced: false,
    ...(shortNames ? { shortNames } : {}),
    categories: ['hub'],
    custom: true,
    schema: { type: 'struct', fields: new Map(), unknown: { type: 'any' } },
    openApiSchema: object(description, properties),
    rules: { selectableFields: Object.fromEntries(fields), columns },
  };
}
