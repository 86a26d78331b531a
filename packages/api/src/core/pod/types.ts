import type * as k8s from '../../generated/types.ts';
import type { FieldError } from '../../meta/field-error.ts';

/** What pod validation needs to know beyond the spec (PodValidationOptions and the walk's surroundings). */
export interface PodContext {
  /** A pod itself, not a template in another kind: host ports and image references must be there. */
  readonly isPod: boolean;
  /** The pod's metadata; absent in templates. Names of claims for ephemeral volumes derive from it. */
  readonly meta?: k8s.ObjectMeta | undefined;
  /** What a stored object already has, updates may keep. */
  readonly allowed: AllowedForUpdate;
}

/** Old objects may hold what new ones may not (GetValidationOptionsFromPodSpecAndMeta). */
export interface AllowedForUpdate {
  readonly invalidPodDeletionCost?: boolean;
  readonly invalidLabelValueInSelector?: boolean;
  readonly invalidLabelValueInNodeAffinity?: boolean;
  readonly indivisibleHugePages?: boolean;
  readonly invalidTopologySpreadSelector?: boolean;
  readonly nonLocalProjectedTokenPath?: boolean;
  readonly namespacedSysctlsOnHost?: boolean;
  /** Addresses of the old object that strict parsing would refuse. */
  readonly ips?: readonly string[];
}

/** Validators append to one list: a pod has hundreds of checks, and nearly always no error. */
export type Errors = FieldError[];

export type AnyContainer = k8s.Container & { targetContainerName?: string };
