import type { HubCondition } from './group.ts';

export type Told<Type extends string> = Pick<HubCondition<Type>, 'type' | 'status' | 'reason' | 'message'>;

/** RFC 3339, to the second. */
export const seconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** The conditions that are told now; each keeps the time since when it is so. `now`: milliseconds since the epoch. */
export function conditionsOf<Type extends string>(
  told: readonly Told<Type>[],
  old: readonly HubCondition<Type>[] | undefined,
  generation: number | undefined,
  now: number,
): HubCondition<Type>[] {
  return told.map((condition) => {
    const before = old?.find(({ type }) => type === condition.type);
    const isSame = before?.status === condition.status;
    return {
      ...condition,
      lastTransitionTime: isSame ? before.lastTransitionTime : seconds(now),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
  });
}
