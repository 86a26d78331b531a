import { messageOf, SampanError } from '@sampan/base';
import { Cron } from 'croner';
import type { Cluster } from '../kind/cluster.ts';

/**
 * When a cluster's next scheduled backup is due, milliseconds since the epoch: at once when one was missed; undefined:
 * never. `attemptedAt`: when the last one was tried that failed. Throws `cluster-schedule`. Pure.
 */
export function nextBackupAt({ metadata, spec, status }: Cluster, attemptedAt = 0): number | undefined {
  const schedule = spec?.backup?.schedule;
  if (schedule === undefined || schedule === '') return undefined;
  const made = Date.parse(status?.backup?.time ?? metadata.creationTimestamp ?? '') || 0;
  const last = new Date(Math.max(made, attemptedAt));
  try {
    return new Cron(schedule, { timezone: 'UTC', mode: '5-part' }).nextRun(last)?.getTime();
  } catch (error) {
    throw new SampanError(
      'cluster-schedule',
      `${JSON.stringify(schedule)} is no schedule: ${messageOf(error)}`,
      {
        hint: 'Five fields of cron, in UTC: minute, hour, day of the month, month, day of the week.',
      },
    );
  }
}
