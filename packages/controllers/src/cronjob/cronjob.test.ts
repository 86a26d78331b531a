import { describe, expect, it } from 'vitest';
import type { Job } from '../job/objects.ts';
import { type CronFacts, decideCronJob, jobName, jobOf } from './decision.ts';
import type { CronJob } from './objects.ts';
import { parseSchedule } from './schedule.ts';

const at = (text: string): number => Date.parse(text);
const show = (ms: number | undefined): string =>
  ms === undefined ? 'never' : new Date(ms).toISOString().slice(0, 16);

describe('schedules', () => {
  it.each([
    ['*/15 * * * *', 'UTC', '2026-01-01T00:07:30Z', '2026-01-01T00:15'],
    ['0 0 1 * *', 'UTC', '2026-01-01T00:00:00Z', '2026-02-01T00:00'],
    ['30 9 * * mon-fri', 'UTC', '2026-01-02T10:00:00Z', '2026-01-05T09:30'],
    ['0 12 13 * fri', 'UTC', '2026-01-01T00:00:00Z', '2026-01-02T12:00'],
    ['0 12 */10 * fri', 'UTC', '2026-01-03T00:00:00Z', '2026-01-09T12:00'],
    ['0 0 29 feb *', 'UTC', '2026-01-01T00:00:00Z', '2028-02-29T00:00'],
    ['59 23 31 2 *', 'UTC', '2026-01-01T00:00:00Z', 'never'],
    ['@weekly', 'UTC', '2026-01-01T00:00:00Z', '2026-01-04T00:00'],
    ['0 9 * * *', 'Asia/Tokyo', '2026-01-01T00:00:01Z', '2026-01-02T00:00'],
    ['0 9 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', '2026-03-29T07:00'],
    // 2:30 does not come on this day
    ['30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', '2026-03-30T00:30'],
    // and comes twice on that one
    ['30 2 * * *', 'Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25T01:30'],
    ['0 0 * * *', 'Europe/Berlin', '2026-10-25T12:00:00Z', '2026-10-25T23:00'],
    // this day begins at 1:00
    ['15 * 6 9 *', 'America/Santiago', '2026-09-05T12:00:00Z', '2026-09-06T04:15'],
    ['CRON_TZ=Asia/Tokyo 0 9 * * *', 'UTC', '2026-01-01T00:00:01Z', '2026-01-02T00:00'],
    ['@every 1h30m', 'UTC', '2026-01-01T00:00:00.500Z', '2026-01-01T01:30'],
  ])('%s in %s after %s is %s', (text, zone, after, wanted) => {
    expect(show(parseSchedule(text, zone).next(at(after)))).toBe(wanted);
  });
});

const cron = (spec: Partial<CronJob['spec']> = {}, status?: CronJob['status']): CronJob => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'tick', namespace: 'ns', uid: 'c', creationTimestamp: '2026-01-01T00:00:30Z' },
  spec: { schedule: '* * * * *', jobTemplate: {}, concurrencyPolicy: 'Allow', ...spec },
  ...(status ? { status } : {}),
});
const job = (name: string, end?: 'Complete' | 'Failed', time = '2026-01-01T00:01:00Z'): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, namespace: 'ns', uid: `uid-${name}` },
  spec: { template: {} },
  status: {
    startTime: time,
    ...(end ? { conditions: [{ type: end, status: 'True' }] } : {}),
    ...(end === 'Complete' ? { completionTime: time } : {}),
  },
});
const reference = (name: string) => ({ kind: 'Job', name, uid: `uid-${name}` });
const decide = (object: CronJob, now: string, facts: Partial<CronFacts> = {}) =>
  decideCronJob(object, { jobs: [], gone: new Set(), now: at(now), zone: 'UTC', ...facts });

describe('a CronJob', () => {
  it('starts nothing before its first time, and looks again then', () => {
    const { start, afterMs } = decide(cron(), '2026-01-01T00:00:40Z');
    expect([start, afterMs]).toEqual([undefined, 20_100]);
  });

  it('starts the last time that has come, once', () => {
    expect(show(decide(cron(), '2026-01-01T00:05:10Z').start)).toBe('2026-01-01T00:05');
    const done = cron({}, { lastScheduleTime: '2026-01-01T00:05:00Z' });
    expect(decide(done, '2026-01-01T00:05:40Z').start).toBeUndefined();
    const forgotten = cron({}, { active: [{ name: jobName(cron(), at('2026-01-01T00:05:00Z')) }] });
    expect(decide(forgotten, '2026-01-01T00:05:40Z').start).toBeUndefined();
  });

  it('starts the last of very many missed times in no time, and warns of them', () => {
    const old = cron({}, { lastScheduleTime: '2020-01-01T00:00:00Z' });
    const { start, events } = decide(old, '2026-01-01T00:05:10Z');
    expect(show(start)).toBe('2026-01-01T00:05');
    expect(events).toMatchObject([{ reason: 'TooManyMissedTimes' }]);
  });

  it('lets times go that are longer past than its deadline', () => {
    const daily = { schedule: '0 0 * * *', startingDeadlineSeconds: 60 };
    expect(decide(cron(daily), '2026-01-02T00:02:00Z').start).toBeUndefined();
    expect(show(decide(cron(daily), '2026-01-02T00:00:59Z').start)).toBe('2026-01-02T00:00');
  });

  it('starts nothing while it is suspended or going', () => {
    expect(decide(cron({ suspend: true }), '2026-01-01T00:05:10Z')).toMatchObject({
      start: undefined,
      afterMs: undefined,
    });
    const going = { ...cron(), metadata: { ...cron().metadata, deletionTimestamp: 'x' } };
    expect(decide(going, '2026-01-01T00:05:10Z').start).toBeUndefined();
  });

  it('runs Jobs beside, after or instead of each other', () => {
    const active = { active: [reference('a')] };
    const facts = { jobs: [job('a')] };
    const now = '2026-01-01T00:05:10Z';
    const allow = decide(cron({}, active), now, facts);
    expect([allow.start !== undefined, allow.remove.length, allow.status.active?.length]).toEqual([
      true,
      0,
      1,
    ]);
    const forbid = decide(cron({ concurrencyPolicy: 'Forbid' }, active), now, facts);
    expect([forbid.start, forbid.events[0]?.reason]).toEqual([undefined, 'JobAlreadyActive']);
    const replace = decide(cron({ concurrencyPolicy: 'Replace' }, active), now, facts);
    expect([replace.start !== undefined, replace.remove.length, replace.status.active]).toEqual([
      true,
      1,
      undefined,
    ]);
  });

  it('follows its Jobs: ended, missing and unknown ones', () => {
    const status = { active: [reference('a'), reference('b'), reference('c')] };
    const facts = { jobs: [job('a', 'Complete'), job('c'), job('d')], gone: new Set(['b']) };
    const { status: next, events } = decide(cron({ suspend: true }, status), '2026-01-01T00:05:10Z', facts);
    expect(next).toEqual({ active: [reference('c')], lastSuccessfulTime: '2026-01-01T00:01:00Z' });
    expect(events.map(({ note }) => note)).toEqual([
      'Saw completed job: a, condition: Complete',
      'Saw a job that the controller did not create or forgot: d',
      'Active job went missing: b',
    ]);
  });

  it('keeps as many ended Jobs as it says, the youngest', () => {
    const jobs = [1, 2, 3, 4].flatMap((i) => [
      job(`s${i}`, 'Complete', `2026-01-01T00:0${i}:00Z`),
      job(`f${i}`, 'Failed', `2026-01-01T00:0${i}:00Z`),
    ]);
    const limits = { suspend: true, successfulJobsHistoryLimit: 2, failedJobsHistoryLimit: 1 };
    const { remove } = decide(cron(limits), '2026-01-01T00:05:10Z', { jobs });
    expect(remove.map(({ metadata }) => metadata.name)).toEqual(['s1', 's2', 'f1', 'f2', 'f3']);
  });

  it('names its Jobs by their times and tells them in its zone', () => {
    const made = jobOf(cron({ timeZone: 'Asia/Tokyo' }), at('2026-01-01T00:05:00Z'));
    expect(made.metadata).toMatchObject({
      name: 'tick-29453765',
      annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T09:05:00+09:00' },
      ownerReferences: [{ kind: 'CronJob', uid: 'c', controller: true }],
    });
  });

  it('says so when its zone is not known', () => {
    const { start, events } = decide(cron({ timeZone: 'Mars/Olympus' }), '2026-01-01T00:05:10Z');
    expect([start, events[0]?.reason]).toEqual([undefined, 'UnknownTimeZone']);
  });
});
