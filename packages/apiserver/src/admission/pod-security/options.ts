import type { LevelVersion } from './levels.ts';

/** The admission configuration of PodSecurity (pod-security.admission.config.k8s.io/v1). */
export interface PodSecurityOptions {
  /** Where a namespace has no label; default: privileged. */
  readonly defaults?: Partial<Record<'enforce' | 'audit' | 'warn', LevelVersion>>;
  readonly exemptions?: {
    readonly usernames?: readonly string[];
    readonly namespaces?: readonly string[];
    readonly runtimeClasses?: readonly string[];
  };
}
