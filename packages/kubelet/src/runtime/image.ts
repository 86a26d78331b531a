export interface ImageStatus {
  /** The digest of its configuration. */
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  /** Bytes on disk. */
  readonly size: number;
  /** The numeric user it runs as; absent when it names one, or none (root). */
  readonly uid?: number;
  /** The user it names that is no number. */
  readonly username: string;
  /** Not to be removed when disk space is short. */
  readonly pinned: boolean;
}

/** For one registry; at most one of the ways is given. */
export interface RegistryCredentials {
  readonly username?: string;
  readonly password?: string;
  /** Base64 of `user:password`. */
  readonly auth?: string;
  readonly identityToken?: string;
  readonly registryToken?: string;
  readonly serverAddress?: string;
}
