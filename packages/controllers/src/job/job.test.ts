import { describe, expect, it } from 'vitest';
import { random } from '../pods/fixtures.ts';
import { Intervals } from './intervals.ts';
import { COMPLETION_INDEX, INDEX_FAILURES, type Job, TRACKING } from './objects.ts';
import { JobSimulation } from './simulation.ts';
import { expiresAt } from './ttl-after-finished.ts';

const indexed = { completionMode: 'Indexed' };
const onExit = (action: string, ...values: number[]) => ({
  podFailurePolicy: { rules: [{ action, onExitCodes: { operator: 'In', values } }] },
});

describe('index sets', () => {
  it.each([
    ['', 5, '', 0],
    ['0,1,2', 5, '0-2', 3],
    ['0-1,3', 5, '0,1,3', 3],
    ['0-9', 5, '0-4', 5],
    ['1,7-8', 5, '1', 1],
    ['x,2,3-y,4', 5, '2,4', 2],
  ])('%j of %i is %j', (text, completions, wanted, size) => {
    const set = Intervals.parse(text, completions);
    expect([String(set), set.size]).toEqual([wanted, size]);
  });

  it('are what sets of numbers are', () => {
    const next = random(7);
    const numbers = () => new Set(Array.from({ length: 20 }, () => Math.floor(next() * 50)));
    for (let i = 0; i < 200; i++) {
      const [a, b] = [numbers(), numbers()];
      const [left, right] = [Intervals.of(a), Intervals.of(b)];
      expect(left.overlap(right)).toBe(a.intersection(b).size);
      expect(left.with(right).size).toBe(a.union(b).size);
      expect(Intervals.parse(String(left), 50).size).toBe(a.size);
      for (let index = 0; index < 50; index++) expect(left.has(index)).toBe(a.has(index));
      const missing = Array.from({ length: 50 }, (_, index) => index).filter((index) => !a.has(index));
      expect(left.firstMissing(7, 50)).toEqual(missing.slice(0, 7));
    }
  });
});

describe('a Job', () => {
  it('completes when its pods succeed, having counted each', () => {
    const run = new JobSimulation({ parallelism: 2, completions: 5 });
    for (let i = 0; i < 5; i++) {
      run.rest();
      expect(run.running).toHaveLength(Math.min(2, 5 - i));
      run.end(run.running[0] ?? '', 'Succeeded');
    }
    run.rest();
    expect(run.condition).toBe('Complete: CompletionsReached');
    expect(run.job.status).toMatchObject({ succeeded: 5, failed: 0, active: 0, terminating: 0 });
    expect(run.job.status?.completionTime).toBeDefined();
    expect([...run.pods.values()].flatMap(({ metadata }) => metadata.finalizers)).toEqual([]);
  });

  it('without completions completes with the first success, once the others have ended', () => {
    const run = new JobSimulation({ parallelism: 3 });
    const { completions: _, ...spec } = run.job.spec;
    run.job = { ...run.job, spec };
    run.rest();
    const [first = '', second = '', third = ''] = run.running;
    run.end(first, 'Succeeded');
    run.rest();
    expect([run.condition, run.running.length]).toEqual(['', 2]);
    run.end(second, 'Failed');
    run.end(third, 'Succeeded');
    run.rest();
    expect(run.condition).toBe('Complete: CompletionsReached');
    expect(run.job.status).toMatchObject({ succeeded: 2, failed: 1 });
  });

  it('waits 10, 20, 40 … seconds after failures and ends after its backoff limit', () => {
    const run = new JobSimulation({ backoffLimit: 2 });
    run.rest();
    for (const wait of [10_000, 20_000]) {
      run.end(run.running[0] ?? '', 'Failed');
      expect(run.sync().afterMs).toBe(wait);
      expect(run.running).toEqual([]);
      run.now += wait;
      run.rest();
      expect(run.running).toHaveLength(1);
    }
    run.end(run.running[0] ?? '', 'Failed');
    run.rest();
    expect(run.condition).toBe('Failed: BackoffLimitExceeded');
    expect(run.job.status?.conditions?.map(({ type }) => type)).toEqual(['FailureTarget', 'Failed']);
    expect(run.job.status).toMatchObject({ failed: 3, active: 0 });
  });

  it('ends at its deadline, deleting what runs, and says so only when that is gone', () => {
    const run = new JobSimulation({ parallelism: 3, completions: 9, activeDeadlineSeconds: 60 });
    run.rest();
    run.now += 60_000;
    run.sync();
    expect([run.running.length, run.condition, run.job.status?.terminating]).toEqual([0, '', 3]);
    run.rest();
    expect(run.condition).toBe('Failed: DeadlineExceeded');
    expect(run.job.status).toMatchObject({ failed: 3, succeeded: 0 });
  });

  it('that is suspended has no pods, and its time starts again when it goes on', () => {
    const run = new JobSimulation({ parallelism: 2, completions: 2, suspend: true });
    run.rest();
    expect([run.running.length, run.job.status?.startTime]).toEqual([0, undefined]);
    expect(run.job.status?.conditions).toMatchObject([{ type: 'Suspended', status: 'True' }]);
    run.job = { ...run.job, spec: { ...run.job.spec, suspend: false } };
    run.now += 5000;
    run.rest();
    expect([run.running.length, run.job.status?.startTime]).toEqual([2, '2026-01-01T00:00:05Z']);
    run.job = { ...run.job, spec: { ...run.job.spec, suspend: true } };
    run.rest();
    expect([run.running.length, run.job.status?.failed, run.pods.size]).toEqual([0, 0, 0]);
  });

  it('fails at once, ignores or counts failures as its failure policy says', () => {
    const fail = new JobSimulation(onExit('FailJob', 42));
    fail.rest();
    fail.end(fail.running[0] ?? '', 'Failed', 42);
    fail.rest();
    expect(fail.condition).toBe('Failed: PodFailurePolicy');
    expect(fail.job.status?.conditions?.[0]?.message).toBe(
      'Container c for pod ns/p0 failed with exit code 42 matching FailJob rule at index 0',
    );
    const ignore = new JobSimulation({ ...onExit('Ignore', 42), backoffLimit: 0 });
    for (let i = 0; i < 3; i++) {
      ignore.rest();
      ignore.end(ignore.running[0] ?? '', 'Failed', 42);
    }
    ignore.rest();
    expect([ignore.condition, ignore.job.status?.failed, ignore.running.length]).toEqual(['', 0, 1]);
    ignore.end(ignore.running[0] ?? '', 'Failed', 1);
    ignore.rest();
    expect(ignore.condition).toBe('Failed: BackoffLimitExceeded');
  });

  it('replaces deleted pods at once, or only when they have ended', () => {
    const atOnce = new JobSimulation({ podReplacementPolicy: 'TerminatingOrFailed' });
    atOnce.rest();
    atOnce.remove('p0');
    expect(atOnce.sync().afterMs).toBe(10_000);
    atOnce.now += 10_000;
    atOnce.sync();
    expect(atOnce.running).toHaveLength(1);
    const ended = new JobSimulation({ podReplacementPolicy: 'Failed' });
    ended.rest();
    ended.remove('p0');
    ended.now += 3_600_000;
    ended.sync();
    expect([ended.running.length, ended.job.status?.terminating]).toEqual([0, 1]);
    ended.gone('p0');
    ended.rest();
    expect(ended.running).toHaveLength(1);
  });
});

describe('an Indexed Job', () => {
  it('runs each index once and tells which are done', () => {
    const run = new JobSimulation({ ...indexed, parallelism: 3, completions: 4 });
    run.rest();
    const pod = run.pods.get('p1');
    expect(pod?.metadata.annotations?.[COMPLETION_INDEX]).toBe('1');
    expect(pod?.metadata.labels?.[COMPLETION_INDEX]).toBe('1');
    expect([pod?.spec.hostname, pod?.metadata.finalizers]).toEqual(['job-1', [TRACKING]]);
    run.end('p0', 'Succeeded');
    run.end('p2', 'Succeeded');
    run.rest();
    expect(run.job.status).toMatchObject({ completedIndexes: '0,2', succeeded: 2 });
    for (const name of run.running) run.end(name, 'Succeeded');
    run.rest();
    expect([run.condition, run.job.status?.completedIndexes]).toEqual([
      'Complete: CompletionsReached',
      '0-3',
    ]);
  });

  it('fails indexes on their own when they have a limit of their own', () => {
    const run = new JobSimulation({
      ...indexed,
      parallelism: 2,
      completions: 2,
      backoffLimitPerIndex: 1,
      backoffLimit: 99,
    });
    run.rest();
    run.end('p0', 'Failed');
    run.end('p1', 'Succeeded');
    run.rest();
    const [second = ''] = run.running;
    expect(run.pods.get(second)?.metadata.annotations?.[INDEX_FAILURES]).toBe('1');
    run.end(second, 'Failed');
    run.rest();
    expect(run.condition).toBe('Failed: FailedIndexes');
    expect(run.job.status).toMatchObject({
      completedIndexes: '1',
      failedIndexes: '0',
      failed: 2,
      succeeded: 1,
    });
  });

  it('succeeds early by its success policy, and the rest is not counted as failed', () => {
    const successPolicy = { rules: [{ succeededIndexes: '1-2', succeededCount: 1 }] };
    const run = new JobSimulation({ ...indexed, parallelism: 3, completions: 3, successPolicy });
    run.rest();
    run.end('p0', 'Succeeded');
    run.rest();
    expect(run.condition).toBe('');
    run.end('p1', 'Succeeded');
    run.rest();
    expect(run.condition).toBe('Complete: SuccessPolicy');
    expect(run.job.status).toMatchObject({ completedIndexes: '0,1', failed: 0 });
  });
});

describe('counting', () => {
  const specs: Partial<Job['spec']>[] = [
    { parallelism: 4, completions: 30, backoffLimit: 1000 },
    { ...indexed, parallelism: 5, completions: 30, backoffLimit: 1000 },
    { ...indexed, parallelism: 5, completions: 20, backoffLimit: 1000, backoffLimitPerIndex: 50 },
    { parallelism: 4, completions: 30, backoffLimit: 1000, podReplacementPolicy: 'Failed' },
  ];
  const cases = specs.flatMap((spec, i) => [1, 2, 3].map((seed) => [i, seed, spec] as const));
  it.each(cases)('is exact whatever happens, kills included (job %i, seed %i)', (_, seed, spec) => {
    const next = random(seed);
    const run = new JobSimulation(spec);
    const failed = new Set<string>();
    for (let step = 0; step < 2000 && run.condition === ''; step++) {
      const pick = run.running[Math.floor(next() * run.running.length)] ?? '';
      const what = next();
      if (pick && what < 0.35) run.end(pick, 'Succeeded');
      else if (pick && what < 0.5) {
        run.end(pick, 'Failed');
        failed.add(pick);
      } else if (pick && what < 0.55) {
        run.remove(pick);
        failed.add(pick);
      }
      if (next() < 0.3) for (const name of [...run.pods.keys()]) run.gone(name);
      run.sync(next() < 0.3 ? Math.floor(next() * 3) : undefined);
      run.now += 700_000;
    }
    run.rest();
    expect(run.condition).toBe('Complete: CompletionsReached');
    expect(run.job.status).toMatchObject({ succeeded: spec.completions, failed: failed.size, active: 0 });
    const { writes } = run;
    run.rest();
    expect(run.writes).toBe(writes);
  });
});

describe('time to live', () => {
  it('runs from the end of the Job', () => {
    const job = new JobSimulation({ ttlSecondsAfterFinished: 30 }).job;
    expect(expiresAt(job)).toBeUndefined();
    const lastTransitionTime = '2026-01-01T00:00:00Z';
    const ended = {
      ...job,
      status: { conditions: [{ type: 'Failed', status: 'True', lastTransitionTime }] },
    };
    expect(expiresAt(ended)).toBe(Date.parse('2026-01-01T00:00:30Z'));
  });
});
