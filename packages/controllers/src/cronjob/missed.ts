import { timeOf } from '../workloads/pod-state.ts';
import type { CronJob } from './objects.ts';
import type { Schedule } from './schedule.ts';

/** More missed times than this are warned of: something is wrong with the clock, or with the schedule. */
const MANY_MISSED = 100;

export interface DueTime {
  /** The last time that has come and was not acted on; undefined: none. Milliseconds since the epoch. */
  readonly due: number | undefined;
  readonly manyMissed: boolean;
}

/** Throws an Error when times of the schedule are less than a second apart. Pure (mostRecentScheduleTime). */
export function dueTime({ metadata, spec, status }: CronJob, schedule: Schedule, now: number): DueTime {
  const { startingDeadlineSeconds: deadline } = spec;
  const started = timeOf(status?.lastScheduleTime ?? metadata.creationTimestamp);
  const earliest = deadline === undefined ? started : Math.max(started, now - deadline * 1000);
  const first = schedule.next(earliest);
  if (first === undefined || first > now) return { due: undefined, manyMissed: false };
  const second = schedule.next(first);
  if (second === undefined || second > now) return { due: first, manyMissed: false };
  const interval = Math.round((second - first) / 1000) * 1000;
  if (interval < 1000) throw new Error('time difference between two schedules is less than 1 second');
  const missed = Math.floor((now - first) / interval) + 1;
  // not every time in between is looked at: there may be years of them
  let due: number | undefined = second;
  for (
    let time = schedule.next(Math.max(first, first + (missed - 2) * interval));
    time !== undefined && time <= now;
    time = schedule.next(time)
  )
    due = time;
  return { due, manyMissed: missed > MANY_MISSED };
}
