/** Pod Security Standards (Kubernetes docs), laxest first. */
export const LEVELS = ['privileged', 'baseline', 'restricted'] as const;
export type Level = (typeof LEVELS)[number];

/** Above 0: `a` is stricter. */
export const compareLevels = (a: Level, b: Level): number => LEVELS.indexOf(a) - LEVELS.indexOf(b);

/** `latest`, or the minor N of `v1.N`. */
export type Version = number | 'latest';

export const isSince = (version: Version, minor: number): boolean => version === 'latest' || version >= minor;

export interface LevelVersion {
  readonly level: Level;
  readonly version: Version;
}

export const PRIVILEGED: LevelVersion = { level: 'privileged', version: 'latest' };

/** `restricted:latest`, `baseline:v1.24`. */
export const showLevel = ({ level, version }: LevelVersion): string =>
  `${level}:${version === 'latest' ? version : `v1.${version}`}`;

export const sameLevel = (a: LevelVersion, b: LevelVersion): boolean =>
  a.level === b.level && a.version === b.version;
