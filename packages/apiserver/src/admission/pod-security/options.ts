import type { Level } from './levels.ts';

export interface LevelVersion {
  readonly level: Level;
  /** `latest`, or the minor of `v1.N`. */
  readonly version: number | 'latest';
}

/** The admission configuration of PodSecurity (pod-security.admission.config.k8s.io/v1). */
export interface PodSecurityOptions {
  readonly defaults?: Partial<Record<'enforce' | 'audit' | 'warn', LevelVersion>>;
  readonly exemptions?: {
    readonly usernames?: readonly string[];
    readonly namespaces?: readonly string[];
    readonly runtimeClasses?: readonly string[];
  };
}
