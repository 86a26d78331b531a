import type { Pod } from '../workloads/objects.ts';
import { assessJob } from './assess.ts';
import type { BackoffRecord } from './backoff.ts';
import { isTracked } from './job-pods.ts';
import { isFinished, type Job, TRACKING } from './objects.ts';
import { planPods } from './plan-pods.ts';
import { jobPodTemplate } from './pod-template.ts';
import { sameJobStatus, settle, trackPods } from './track.ts';

const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** For tests: a Job, its pods and a clock, with the decisions carried out as the controller would. */
export class JobSimulation {
  job: Job;
  readonly pods = new Map<string, Pod>();
  now = Date.parse('2026-01-01T00:00:00Z');
  writes = 0;
  made = 0;
  #backoff: BackoffRecord | undefined;

  constructor(spec: Partial<Job['spec']>) {
    this.job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'job', namespace: 'ns', uid: 'job-uid' },
      spec: { parallelism: 1, completions: 1, backoffLimit: 6, template: { spec: {} }, ...spec },
    };
  }

  /** `crash`: stop after so many steps, as if the process were killed. */
  sync(crash = Number.POSITIVE_INFINITY): { afterMs: number | undefined } {
    if (isFinished(this.job)) return { afterMs: undefined };
    const assessment = assessJob(this.job, [...this.pods.values()], this.#backoff, this.now);
    const plan = planPods(assessment, true, this.now);
    for (const pod of plan.remove) this.remove(pod.metadata.name ?? '', plan.keepTracking);
    for (const index of plan.create) {
      const replaced = index === undefined ? undefined : assessment.indexes?.delayed.get(index);
      this.#create(jobPodTemplate(this.job, index, replaced));
    }
    const outcome = {
      created: plan.create.length,
      removed: plan.remove.length,
      removedReady: 0,
      complete: true,
      managed: plan.managed,
    };
    if (crash < 1) return this.#crashed();
    const tracking = trackPods(assessment, outcome, this.now);
    if (!sameJobStatus(this.job.status ?? {}, tracking.status)) {
      this.#write(tracking.status);
      this.#backoff = assessment.backoff;
    }
    if (crash < 2) return this.#crashed();
    const tracked = new Set(assessment.pods.filter(isTracked).map(({ metadata }) => metadata.uid ?? ''));
    for (const pod of tracking.release) {
      this.#release(pod.metadata.name ?? '');
      tracked.delete(pod.metadata.uid ?? '');
    }
    if (crash < 3) return this.#crashed();
    const { status } = settle(tracking, tracked, this.now);
    if (!sameJobStatus(tracking.status, status)) this.#write(status);
    return { afterMs: plan.afterMs };
  }

  #crashed() {
    this.#backoff = undefined;
    return { afterMs: 0 };
  }

  #write(status: NonNullable<Job['status']>): void {
    this.job = { ...this.job, status };
    this.writes++;
  }

  #create({ metadata = {}, spec }: ReturnType<typeof jobPodTemplate>): void {
    const name = `p${this.made++}`;
    const { labels = {}, annotations = {}, finalizers = [] } = metadata;
    this.pods.set(name, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        labels,
        annotations,
        finalizers,
        name,
        namespace: 'ns',
        uid: `uid-${name}`,
        creationTimestamp: iso(this.now),
      },
      spec: spec ?? {},
      status: { phase: 'Pending' },
    });
  }

  /** The pod's containers end. */
  end(name: string, phase: 'Succeeded' | 'Failed', exitCode = phase === 'Failed' ? 1 : 0): void {
    const pod = this.pods.get(name);
    if (!pod) return;
    const terminated = { exitCode, finishedAt: iso(this.now) };
    const containerStatuses = [{ name: 'c', state: { terminated } }] as NonNullable<
      Pod['status']
    >['containerStatuses'];
    this.pods.set(name, { ...pod, status: { phase, ...(containerStatuses ? { containerStatuses } : {}) } });
    this.#collect(name);
  }

  /** Somebody deletes the pod. */
  remove(name: string, keepTracking = true): void {
    const pod = this.pods.get(name);
    if (!pod) return;
    const finalizers = keepTracking ? (pod.metadata.finalizers ?? []) : [];
    this.pods.set(name, {
      ...pod,
      metadata: { ...pod.metadata, finalizers, deletionTimestamp: iso(this.now) },
    });
  }

  /** The node lets a deleted pod go. */
  gone(name: string): void {
    const pod = this.pods.get(name);
    if (!pod?.metadata.deletionTimestamp) return;
    if (pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed') this.end(name, 'Failed', 137);
    this.#collect(name, true);
  }

  #release(name: string): void {
    const pod = this.pods.get(name);
    if (!pod) return;
    const finalizers = (pod.metadata.finalizers ?? []).filter((finalizer) => finalizer !== TRACKING);
    this.pods.set(name, { ...pod, metadata: { ...pod.metadata, finalizers } });
  }

  #collect(name: string, ended = false): void {
    const pod = this.pods.get(name);
    if (ended && pod?.metadata.deletionTimestamp && !isTracked(pod)) this.pods.delete(name);
  }

  /** Lets deleted pods that nobody tracks any more go, and syncs until nothing changes. */
  rest(): void {
    for (let i = 0; i < 50; i++) {
      const before = this.writes + this.made;
      for (const name of [...this.pods.keys()]) this.gone(name);
      const { afterMs } = this.sync();
      if (afterMs) this.now += afterMs;
      else if (this.writes + this.made === before) return;
    }
    throw new Error('the job does not come to rest');
  }

  get running(): string[] {
    return [...this.pods.values()]
      .filter(({ metadata, status }) => !metadata.deletionTimestamp && status?.phase === 'Pending')
      .map(({ metadata }) => metadata.name ?? '');
  }

  get condition(): string {
    const found = this.job.status?.conditions?.find(
      ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
    );
    return found ? `${found.type}: ${found.reason}` : '';
  }
}
