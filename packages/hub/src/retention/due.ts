import { messageOf, SampanError } from '@sampan/base';
import { Cron } from 'croner';
import type { RetentionPolicy } from '../rules/project-rules.ts';
import type { RetentionState } from './runs.ts';

/**
 * When retention is to run next, milliseconds since the epoch; one in the past was missed; undefined: never. Pure.
 * Throws `hub-schedule`.
 */
export function nextRetentionAt(policy: RetentionPolicy, state: RetentionState): number | undefined {
  if (policy.requestedAt !== undefined && policy.requestedAt !== state.handled) return 0;
  const { schedule = '' } = policy;
  if (schedule === '') return undefined;
  const after = Math.max(state.since, state.last?.time ?? 0);
  try {
    return new Cron(schedule, { timezone: 'UTC', mode: '5-part' }).nextRun(new Date(after))?.getTime();
  } catch (error) {
    throw new SampanError('hub-schedule', `${JSON.stringify(schedule)} is no schedule: ${messageOf(error)}`, {
      hint: 'Five fields of cron, in UTC: minute, hour, day of the month, month, day of the week.',
    });
  }
}
