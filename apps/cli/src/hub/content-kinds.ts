import type { KubeObject } from '@sampan/api';
import { CONTENT_GROUP, hubRef } from '@sampan/hub/kinds';
import { parseReference } from '@sampan/oci';
import { age, size } from '../clusters/print-clusters.ts';
import { usage } from '../parse.ts';
import { dotted, type HubKind, plain } from './hub-kind.ts';

/** A repository of this machine's registry. */
export interface RepositoryObject extends KubeObject {
  readonly spec: { readonly project: string; readonly repository: string };
  readonly status?: {
    readonly tags?: number;
    readonly manifests?: number;
    readonly bytes?: number;
    readonly pushed?: string;
    readonly pulled?: string;
  };
}

/** What tags and manifests tell alike. */
interface ImageSpec {
  readonly repository: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly contentBytes?: number;
  readonly pushed?: string;
  readonly pulled?: string;
}

interface TagObject extends KubeObject {
  readonly spec: ImageSpec & { readonly tag: string };
}

export interface ManifestObject extends KubeObject {
  readonly spec: ImageSpec & { readonly tags?: readonly string[] };
}

interface DeliveryObject extends KubeObject {
  readonly spec: {
    readonly webhook: string;
    readonly type: string;
    readonly event?: { readonly repository?: string; readonly tag?: string };
  };
  readonly status?: {
    readonly state?: string;
    readonly attempts?: number;
    readonly nextTry?: string;
    readonly code?: number;
    readonly error?: string;
    readonly milliseconds?: number;
  };
}

const ref = (resource: string, kind: string) => hubRef(CONTENT_GROUP, resource, kind);

/** Names of objects have no slash, names of repositories no colon. */
const coloned = (text: string): string => text.replaceAll('/', ':');

export const REPOSITORY: HubKind<RepositoryObject> = {
  ref: ref('repositories', 'Repository'),
  word: 'repo',
  objectName: (text) => coloned(repositoryIn(text)),
  shownName: ({ metadata }) => (metadata.name ?? '').replaceAll(':', '/'),
  within: { fieldSelector: (project) => `spec.project=${project}` },
  columns: [
    ['REPOSITORY', ({ spec }) => spec.repository],
    ['TAGS', ({ status }) => String(status?.tags ?? 0)],
    ['SIZE', ({ status }) => size(status?.bytes)],
    ['PUSHED', ({ status }) => age(status?.pushed)],
    ['PULLED', ({ status }) => age(status?.pulled)],
  ],
  wide: [['MANIFESTS', ({ status }) => String(status?.manifests ?? 0)]],
  rows: [
    ['Repository', ({ spec }) => spec.repository],
    ['Tags', ({ status }) => status?.tags?.toString()],
    ['Manifests', ({ status }) => status?.manifests?.toString()],
    ['Size', ({ status }) => size(status?.bytes)],
    ['Pushed', ({ status }) => timeText(status?.pushed)],
    ['Pulled', ({ status }) => timeText(status?.pulled)],
  ],
  none: 'There are no repositories. Push something: sampan help hub push',
};

export const TAG: HubKind<TagObject> = {
  ref: ref('tags', 'Tag'),
  word: 'tag',
  objectName: (text) => {
    const { repository, tag } = parseReference(text);
    if (tag === undefined) throw usage('Which tag?', `Name it: ${repository}:latest`);
    return `${coloned(repository)}:${tag}`;
  },
  shownName: ({ metadata }) => (metadata.name ?? '').replaceAll(/:(?=.*:)/g, '/'),
  within: { fieldSelector: (repository) => `spec.repository=${repositoryIn(repository)}` },
  columns: [
    ['TAG', ({ spec }) => `${spec.repository}:${spec.tag}`],
    ['DIGEST', ({ spec }) => spec.digest.slice(0, 19)],
    ['SIZE', ({ spec }) => size(spec.contentBytes)],
    ['PUSHED', ({ spec }) => age(spec.pushed)],
    ['PULLED', ({ spec }) => age(spec.pulled)],
  ],
  wide: [['TYPE', ({ spec }) => spec.artifactType ?? spec.mediaType]],
  rows: [
    ['Tag', ({ spec }) => `${spec.repository}:${spec.tag}`],
    ['Digest', ({ spec }) => spec.digest],
    ['Size', ({ spec }) => size(spec.contentBytes)],
    ['Media type', ({ spec }) => spec.mediaType],
    ['Artifact', ({ spec }) => spec.artifactType],
    ['Pushed', ({ spec }) => timeText(spec.pushed)],
    ['Pulled', ({ spec }) => timeText(spec.pulled)],
  ],
  none: 'There are no tags. Push something: sampan help hub push',
};

export const MANIFESTS = ref('manifests', 'Manifest');

export const DELIVERY: HubKind<DeliveryObject> = {
  ref: ref('deliveries', 'Delivery'),
  word: 'delivery',
  objectName: (text) => text,
  shownName: plain,
  within: { fieldSelector: (webhook) => `spec.webhook=${dotted(webhook)}` },
  columns: [
    ['DELIVERY', plain],
    ['EVENT', ({ spec }) => spec.type],
    ['OF', ({ spec: { event } }) => [event?.repository, event?.tag].filter((part) => part).join(':') || '-'],
    ['STATE', ({ status }) => status?.state ?? '-'],
    ['CODE', ({ status }) => String(status?.code ?? '-')],
    ['TRIES', ({ status }) => String(status?.attempts ?? 0)],
    ['AGE', ({ metadata }) => age(metadata.creationTimestamp)],
    ['ERROR', ({ status }) => status?.error ?? '-'],
  ],
  wide: [['NEXT', ({ status }) => status?.nextTry ?? '-']],
  rows: [],
  none: 'Nothing was delivered yet.',
};

const timeText = (time: string | undefined): string =>
  time === undefined ? 'never' : `${time} (${age(time)} ago)`;

/** The name without a tag. Throws `usage`. */
export function repositoryIn(text: string): string {
  const { repository, tag, digest } = parseReference(text);
  if (tag === undefined && digest === undefined) return repository;
  throw usage(`${JSON.stringify(text)} names more than a repository.`, `Name it alone: ${repository}`);
}
