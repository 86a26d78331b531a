import type { OwnerReference } from '@sampan/api';
import type { DeleteOptions } from '@sampan/machinery';
import { type Facts, FOREGROUND, ORPHAN } from './facts.ts';

/** What was just read of an object. */
export interface Latest {
  readonly owners: readonly OwnerReference[];
  readonly finalizers: readonly string[];
}

/** What is known of one owner of an object. */
export type OwnerState = 'solid' | 'dangling' | 'waiting';

export type Decision =
  | { readonly action: 'keep' }
  /** Remove these owners' references and keep the object. */
  | { readonly action: 'release'; readonly uids: ReadonlySet<string> }
  | {
      readonly action: 'delete';
      readonly propagation: NonNullable<DeleteOptions['propagationPolicy']>;
      /** First say that it blocks no owner: it may be part of a circle. */
      readonly unblock: boolean;
    };

/**
 * What becomes of an object whose owners are in these states (kubernetes garbagecollector attemptToDeleteItem).
 * `dependents`: those of it. Pure.
 */
export function decide(
  latest: Latest,
  states: ReadonlyMap<OwnerReference, OwnerState>,
  dependents: readonly Facts[],
): Decision {
  if (latest.owners.length === 0) return { action: 'keep' };
  const of = (state: OwnerState) => latest.owners.filter((owner) => states.get(owner) === state);
  const gone = [...of('dangling'), ...of('waiting')];
  if (of('solid').length > 0) {
    if (gone.length === 0) return { action: 'keep' };
    return { action: 'release', uids: new Set(gone.map((owner) => owner.uid)) };
  }
  if (of('waiting').length > 0 && dependents.length > 0) {
    return {
      action: 'delete',
      propagation: 'Foreground',
      unblock: dependents.some((dependent) => dependent.foreground),
    };
  }
  return { action: 'delete', propagation: honoured(latest.finalizers), unblock: false };
}

/** A propagation that its finalizers ask for already. */
function honoured(finalizers: readonly string[]): 'Orphan' | 'Foreground' | 'Background' {
  if (finalizers.includes(ORPHAN)) return 'Orphan';
  return finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background';
}
