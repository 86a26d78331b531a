import { describe, expect, it } from 'vitest';
import { created, createMessages, updateMessages } from '../core/testing.ts';
import type { KubeObject } from '../meta/object.ts';
import { scheduleProblem } from './cron-schedule.ts';
import { cronJobRules } from './cronjob.ts';
import { countIndexes, overlappingIndex } from './indexes.ts';
import { jobRules } from './job.ts';
import { isTimeZone } from './time-zone.ts';

const pods = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'web:1' }] } };
const metadata = { uid: 'u1' };
const job = (spec: Record<string, unknown>): Record<string, unknown> => ({
  metadata,
  spec: { template: pods, ...spec },
});
const errors = (spec: Record<string, unknown>): string[] => createMessages(jobRules, job(spec));

describe('a new Job', () => {
  it('runs one pod until it succeeds, six times at most', () => {
    expect(created(jobRules, job({})).spec).toMatchObject({
      completions: 1,
      parallelism: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      suspend: false,
      podReplacementPolicy: 'TerminatingOrFailed',
      manualSelector: false,
    });
  });

  it('has pods that carry its name and uid, which it selects by the uid', () => {
    const labels = {
      'batch.kubernetes.io/controller-uid': 'u1',
      'batch.kubernetes.io/job-name': 'one',
      'controller-uid': 'u1',
      'job-name': 'one',
    };
    const made = created(jobRules, job({}));
    expect(made.spec).toMatchObject({
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u1' } },
      template: { metadata: { labels } },
    });
    expect(made.metadata.labels).toEqual(labels);
    expect(errors({})).toEqual([]);
  });

  it('takes the labels of its pods only when it has none', () => {
    const template = { ...pods, metadata: { labels: { app: 'a' } } };
    const taken = created(jobRules, job({ template }));
    expect(taken.metadata.labels).toMatchObject({ app: 'a', 'job-name': 'one' });
    const own = created(jobRules, { ...job({ template }), metadata: { ...metadata, labels: { app: 'a' } } });
    expect(own.metadata.labels).toEqual({ app: 'a' });
  });

  it('refuses labels of another job', () => {
    const template = { ...pods, metadata: { labels: { 'job-name': 'two' } } };
    expect(errors({ template })).toEqual([
      'spec.template.metadata.labels[job-name]: Invalid value: {"batch.kubernetes.io/controller-uid":"u1","batch.kubernetes.io/job-name":"one","controller-uid":"u1","job-name":"two"}: must be \'one\'',
    ]);
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    [
      'pods that always restart',
      { template: { spec: { ...pods.spec, restartPolicy: 'Always' } } },
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [
      'negative numbers',
      { parallelism: -1, completions: -1, backoffLimit: -1, ttlSecondsAfterFinished: -1 },
      [
        'spec.parallelism: Invalid value: -1: must be greater than or equal to 0',
        'spec.completions: Invalid value: -1: must be greater than or equal to 0',
        'spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0',
        'spec.ttlSecondsAfterFinished: Invalid value: -1: must be greater than or equal to 0',
      ],
    ],
    [
      'indexes but no number of them',
      { completionMode: 'Indexed', parallelism: 1 },
      ['spec.completions: Required value: when completion mode is Indexed'],
    ],
    [
      'too many indexed pods at once',
      { completionMode: 'Indexed', completions: 1_000_000, parallelism: 200_000 },
      [
        'spec.parallelism: Invalid value: 200000: must be less than or equal to 100000 when completion mode is Indexed',
      ],
    ],
    [
      'an unknown mode',
      { completionMode: 'Odd' },
      ['spec.completionMode: Unsupported value: "Odd": supported values: "NonIndexed", "Indexed"'],
    ],
    [
      'a manual selector that is missing',
      { manualSelector: true },
      [
        'spec.selector: Required value',
        'spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`',
      ],
    ],
    [
      'a manager without a domain',
      { managedBy: 'me' },
      ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")'],
    ],
    [
      'a limit of each index without indexes',
      { backoffLimitPerIndex: 1 },
      ['spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode'],
    ],
    [
      'a failure policy with pods that restart',
      {
        template: { spec: { ...pods.spec, restartPolicy: 'OnFailure' } },
        podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }] },
      },
      [
        'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
      ],
    ],
    [
      'a failure policy of exit code 0',
      { podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [0] } }] } },
      [
        'spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator',
      ],
    ],
    [
      'unordered exit codes',
      {
        podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [3, 1] } }] },
      },
      ['spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,1]: must be ordered'],
    ],
    [
      'an unknown action',
      { podFailurePolicy: { rules: [{ action: 'Odd', onExitCodes: { operator: 'In', values: [1] } }] } },
      [
        'spec.podFailurePolicy.rules[0].action: Unsupported value: "Odd": supported values: "Count", "FailIndex", "FailJob", "Ignore"',
      ],
    ],
    [
      'a success policy without indexes',
      { successPolicy: { rules: [{ succeededCount: 1 }] } },
      [
        'spec.successPolicy: Invalid value: {"rules":[{"succeededCount":1}]}: requires indexed completion mode',
      ],
    ],
  ])('is refused with %s', (_, spec, messages) => {
    expect(errors(spec)).toEqual(messages);
  });
});

describe('an update of a Job', () => {
  const base = { completions: 2, parallelism: 1 };
  const prepared = (spec: Record<string, unknown>): Record<string, unknown> => {
    const made = created(jobRules, job({ ...base, ...spec }));
    return { metadata: made.metadata, spec: made.spec };
  };
  const update = (to: Record<string, unknown>, from: Record<string, unknown> = {}): string[] =>
    updateMessages(jobRules, prepared(from), prepared({ ...from, ...to }));

  it.each([
    ['parallelism', { parallelism: 3 }],
    ['suspension', { suspend: true }],
    ['a deadline', { activeDeadlineSeconds: 5 }],
  ])('may change %s', (_, to) => expect(update(to)).toEqual([]));

  it.each([
    ['completions', { completions: 3 }, 'spec.completions: Invalid value: 3: field is immutable'],
    [
      'the mode',
      { completionMode: 'Indexed' },
      'spec.completionMode: Invalid value: "Indexed": field is immutable',
    ],
    ['the manager', { managedBy: 'a.b/c' }, 'spec.managedBy: Invalid value: "a.b/c": field is immutable'],
  ])('may not change %s', (_, to, message) => expect(update(to)).toEqual([message]));

  it('may scale an indexed job with its completions', () => {
    const indexed = { completionMode: 'Indexed', completions: 2, parallelism: 2 };
    expect(update({ completions: 3, parallelism: 3 }, indexed)).toEqual([]);
    expect(update({ completions: 3 }, indexed)).toEqual([
      'spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism',
    ]);
  });

  it('may not change the pods of a job that runs', () => {
    const template = { spec: { ...pods.spec, nodeSelector: { a: 'b' } } };
    const [message] = update({ template });
    expect(message).toMatch(/^spec\.template: Invalid value: .*: field is immutable$/);
    expect(update({ template, suspend: true }, { suspend: true })).toEqual([]);
  });
});

describe('the indexes of a Job', () => {
  it('are counted', () => {
    expect(countIndexes('', 5)).toBe(0);
    expect(countIndexes('0', 5)).toBe(1);
    expect(countIndexes('0,2-4', 5)).toBe(4);
  });

  it.each(['x', '1-', '-1', '3,1', '1-1-1', '1,1', '4-2', '9'])('are refused as %s', (text) => {
    expect(() => countIndexes(text, 5)).toThrow();
  });

  it('show which both succeeded and failed', () => {
    expect(overlappingIndex('0-2', '3,4', 5)).toBeUndefined();
    expect(overlappingIndex('0-2', '2-4', 5)).toBe(2);
  });
});

describe('a CronJob', () => {
  const cron = (spec: Record<string, unknown>, name = 'one'): Partial<KubeObject> => ({
    metadata: { name },
    spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: pods } }, ...spec },
  });
  const cronErrors = (spec: Record<string, unknown>, name?: string): string[] =>
    createMessages(cronJobRules, cron(spec, name) as Record<string, unknown>);

  it('allows runs to overlap and keeps three good ones and a bad one', () => {
    expect(created(cronJobRules, cron({}) as Record<string, unknown>).spec).toMatchObject({
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    });
    expect(cronErrors({})).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    ['no schedule', { schedule: '' }, ['spec.schedule: Required value']],
    [
      'too few fields',
      { schedule: '* * * *' },
      ['spec.schedule: Invalid value: "* * * *": expected exactly 5 fields, found 4: [* * * *]'],
    ],
    [
      'a time zone in the schedule',
      { schedule: 'TZ=UTC 0 * * * *' },
      [
        'spec.schedule: Invalid value: "TZ=UTC 0 * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
      ],
    ],
    [
      'an unknown time zone',
      { timeZone: 'Nowhere/Land' },
      ['spec.timeZone: Invalid value: "Nowhere/Land": unknown time zone Nowhere/Land'],
    ],
    [
      'an unknown policy',
      { concurrencyPolicy: 'Odd' },
      ['spec.concurrencyPolicy: Unsupported value: "Odd": supported values: "Allow", "Forbid", "Replace"'],
    ],
    [
      'a negative deadline',
      { startingDeadlineSeconds: -1 },
      ['spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0'],
    ],
  ])('is refused with %s', (_, spec, messages) => {
    expect(cronErrors(spec)).toEqual(messages);
  });

  it('has a name that leaves room for those of its jobs', () => {
    expect(cronErrors({}, 'a'.repeat(52))).toEqual([]);
    expect(cronErrors({}, 'a'.repeat(53))).toEqual([
      `metadata.name: Invalid value: "${'a'.repeat(53)}": must be no more than 52 characters`,
    ]);
  });
});

describe('a schedule', () => {
  it.each([
    '* * * * *',
    '0 0 1 1 *',
    '*/15 0-6,8 1 jan-mar MON',
    '5-10/2 * ? * 0',
    '@hourly',
    '@every 1h30m',
    '@midnight',
  ])('may be %s', (schedule) => expect(scheduleProblem(schedule)).toBeUndefined());

  it.each([
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['@often', 'unrecognized descriptor: @often'],
  ])('is not %s', (schedule, message) => expect(scheduleProblem(schedule)).toBe(message));
});

it('time zones are those of the IANA database', () => {
  expect(['UTC', 'Europe/Berlin', 'America/New_York'].map(isTimeZone)).toEqual([true, true, true]);
  expect(['Local', '../etc/passwd', 'Berlin', '+01:00'].map(isTimeZone)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
