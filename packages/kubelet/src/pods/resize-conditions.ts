import type { k8s } from '@sampan/api';
import type { Amounts } from '../resize/allocation.ts';

/** How far a change of a pod's resources has come. */
export interface ResizeStatus {
  /** What containers run with, by id; those that are absent have what they should. */
  readonly actual: ReadonlyMap<string, Amounts>;
  /** What the pod as a whole is held to, where its spec says something of that. */
  readonly pod?: Amounts;
  /** It is not given what it asks for. */
  readonly pending?: { readonly reason: string; readonly message: string };
  /** It was given it and does not have it yet; `error`: why, if not empty. */
  readonly progress?: { readonly error: string };
}

/** Conditions that are there only while they are true (KEP-1287, "Resize Status"). */
export const RESIZE_CONDITIONS = ['PodResizePending', 'PodResizeInProgress'] as const;

export function resizeConditions(
  resize: ResizeStatus | undefined,
): Record<string, Pick<k8s.PodCondition, 'status' | 'reason' | 'message'>> {
  const { pending, progress } = resize ?? {};
  return {
    ...(pending && { PodResizePending: { status: 'True', ...pending } }),
    ...(progress && {
      PodResizeInProgress: {
        status: 'True',
        ...(progress.error !== '' && { reason: 'Error', message: progress.error }),
      },
    }),
  };
}
