import type { KubeObject } from '@sampan/api';
import type { ResourceRef } from '@sampan/machinery';
import type { Role } from '../projects/roles.ts';
import { HUB_GROUP, type HubCondition, hubRef } from './group.ts';

export const PROJECTS: ResourceRef = hubRef(HUB_GROUP, 'projects', 'Project');

/** A project as an object of the cluster: its name is the first segment of its repositories' names. */
export interface ProjectObject extends KubeObject {
  spec?: ProjectSpec;
  status?: ProjectStatus;
}

export interface ProjectSpec {
  /** For people. */
  readonly description?: string;
  /** All may pull, without credentials too. Default false. */
  readonly public?: boolean;
  readonly quota?: ProjectQuota;
  readonly members?: readonly ProjectMember[];
  /** Tags that match one of these can be neither moved nor deleted. */
  readonly immutability?: readonly TagSelector[];
  readonly retention?: ProjectRetention;
  /**
   * Globs of media types that manifests may be of: their `artifactType`, else the media type of their config; empty
   * or absent: all. Indexes are judged by what they hold.
   */
  readonly allowedArtifactTypes?: readonly string[];
}

export interface ProjectQuota {
  /** Of distinct blobs and manifests; absent: as much as there is. */
  readonly bytes?: number;
}

export const MEMBER_KINDS = ['User', 'Group', 'ServiceAccount'] as const;
export type MemberKind = (typeof MEMBER_KINDS)[number];

export interface ProjectMember {
  readonly kind: MemberKind;
  /** Of a ServiceAccount: `NAMESPACE/NAME`. */
  readonly name: string;
  readonly role: Role;
}

/** Globs as `rules/glob.ts` reads them; absent: all. */
export interface TagSelector {
  /** Of repositories without the project's segment. */
  readonly repositories?: string;
  readonly tags?: string;
}

export interface ProjectRetention {
  /** Five fields of cron, in UTC; absent: only when asked. */
  readonly schedule?: string;
  /** Only tells what it would delete. Default false. */
  readonly dryRun?: boolean;
  /** RFC 3339; each new time asks once. */
  readonly requestedAt?: string;
  /** A tag that no rule matches is kept. */
  readonly rules?: readonly RetentionRule[];
  /**
   * So long after they were pushed or pulled last, manifests without a tag are deleted, unless an index needs them or
   * they are of another manifest (signatures); absent: never.
   */
  readonly keepUntaggedDays?: number;
}

/** Of the tags that it matches it keeps those that any of its `keep…` keeps; all of them without any. */
export interface RetentionRule extends TagSelector {
  /** So many that were pushed last, in each repository. */
  readonly keepLast?: number;
  readonly keepPulledDays?: number;
  readonly keepPushedDays?: number;
}

export type ProjectConditionType = 'Ready' | 'QuotaExceeded' | 'Retained';

export interface ProjectStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly HubCondition<ProjectConditionType>[];
  readonly usedBytes?: number;
  readonly repositories?: number;
  readonly tags?: number;
  readonly retention?: RetentionStatus;
}

/** What the last run of retention did, or would have done. */
export interface RetentionStatus {
  /** RFC 3339. */
  readonly time: string;
  /** `spec.retention.requestedAt` that it answered. */
  readonly handled?: string;
  readonly dryRun: boolean;
  /** `REPOSITORY:TAG`, or `REPOSITORY@DIGEST` where there was no tag; at most a hundred. */
  readonly deleted: readonly string[];
  /** Of all that were deleted. */
  readonly count: number;
}

/** Annotation of a project that is deleted: `true` lets its content go with it. */
export const DELETE_CONTENT = 'hub.sampan.dev/delete-content';
/** Holds a project that is deleted until it has no content. */
export const PROJECT_FINALIZER = 'hub.sampan.dev/content';
