/** Repositories and tags that a rule speaks of; see `matchesGlob`. */
export interface TagPattern {
  /** Glob of names below the project: `team/*` for `shop/team/web`. */
  readonly repositories: string;
  readonly tags: string;
}

/** Keeps of the tags that it names those for which at least one of its counts holds. */
export interface RetentionRule extends TagPattern {
  /** The tags that were pushed last, in each repository. */
  readonly keepLast?: number | undefined;
  /** Tags whose manifest was pulled within so many days. */
  readonly keepPulledDays?: number | undefined;
  /** Tags that were pushed within so many days. */
  readonly keepPushedDays?: number | undefined;
}

/** A tag that no rule names is kept, and so is one that any rule keeps. */
export interface RetentionPolicy {
  /** Five fields of cron, in UTC; undefined: only when it is asked for. */
  readonly schedule?: string | undefined;
  /** Only tell what would go. */
  readonly dryRun: boolean;
  /** Changes when someone asks for a run now; milliseconds since the epoch. */
  readonly requestedAt?: number | undefined;
  readonly rules: readonly RetentionRule[];
  /**
   * Manifests without a tag, that no index needs and that are of no other manifest, are kept for so many days since they
   * were pushed or pulled last; undefined: for ever.
   */
  readonly keepUntaggedDays?: number | undefined;
}

/** What a project allows in itself, apart from who may do it. */
export interface ProjectRules {
  /** Bytes that its distinct blobs and manifests may have together; undefined: as many as fit. */
  readonly quotaBytes?: number | undefined;
  /** Tags that are set once and never moved nor deleted. */
  readonly immutability?: readonly TagPattern[] | undefined;
  /** Globs of the types of artifacts that may be pushed; undefined or empty: all. */
  readonly allowedArtifactTypes?: readonly string[] | undefined;
  readonly retention?: RetentionPolicy | undefined;
}
