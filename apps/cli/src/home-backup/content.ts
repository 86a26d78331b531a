/**
 * What is in a backup of a home: the host cluster's objects, each cluster's backup, the registry, keys, users and
 * settings; of what root has, the policy, static pods and settings of registries. Not images that containerd fetched, logs,
 * and what pods wrote to volumes.
 */
export const CONTENT = {
  head: 'backup.json',
  host: 'host.db',
  /** NAME.tar and NAME.json, the record of that cluster. */
  guests: 'guests',
  home: 'home',
  /** The registry's folder; need not be there. */
  hub: 'hub',
} as const;

/** Below the home; copied as they are. */
export const COPIED = ['settings.json', 'users.json', 'pki'] as const;
/** The same, of what only root may read. */
export const COPIED_OF_ROOT = ['node/policy.json', 'node/static-pods', 'node/registries'] as const;

/** A newer one is refused. */
export const FORMAT = 1;

export interface BackupHead {
  readonly format: number;
  /** Of Sampan. */
  readonly release: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly clusters: readonly string[];
}
