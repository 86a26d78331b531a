import { type Logger, messageOf, SampanError } from '@sampan/base';
import type { HubParts } from '../api/call.ts';
import { RegistryError } from '../errors/registry-error.ts';
import type { Project } from '../projects/directory.ts';
import { nextRetentionAt } from './due.ts';
import { runRetention } from './run-retention.ts';
import { forgetRuns, type RetentionRun, readState, writeRun, writeSchedule } from './runs.ts';

/** After a run that failed, until it is tried again. */
const RETRY_MS = 10 * 60_000;

export type RetentionListener = (project: string, run: RetentionRun) => void;

interface RetentionOptions {
  readonly parts: HubParts;
  readonly logger: Logger;
}

/** Runs the retention of projects by their schedules and when it is asked for, one project at a time. */
export class Retention {
  readonly #parts: HubParts;
  readonly #logger: Logger;
  readonly #timers = new Map<string, () => void>();
  readonly #listeners = new Set<RetentionListener>();
  #tail: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor({ parts, logger }: RetentionOptions) {
    this.#parts = parts;
    this.#logger = logger;
  }

  /** `listener` is told of each run that is remembered; the returned function ends that. */
  onRun(listener: RetentionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The last run of a project that is remembered. */
  async last(project: string): Promise<RetentionRun | undefined> {
    return (await readState(this.#parts.records.read, project))?.last;
  }

  /**
   * Looks at the project's policy anew; to be called for each project that there is at the start, and when one changed
   * or went.
   */
  changed(project: string): void {
    void this.#enqueue(() => this.#look(project)).catch((thrown: unknown) => {
      this.#logger.error('retention failed', { project, error: messageOf(thrown) });
      // a schedule that is none stays so until the project changes
      if (!(thrown instanceof SampanError)) this.#wake(project, RETRY_MS);
    });
  }

  /**
   * Runs now. A dry run that was asked for here, and not by the policy, is not remembered.
   * @throws RegistryError NAME_UNKNOWN when there is no such project, or UNSUPPORTED when it has no policy
   */
  run(name: string, { dryRun }: { readonly dryRun: boolean }): Promise<RetentionRun> {
    return this.#enqueue(async () => {
      const project = this.#parts.directory.project(name);
      if (!project) throw new RegistryError('NAME_UNKNOWN', `there is no project ${name}`);
      if (!project.retention)
        throw new RegistryError('UNSUPPORTED', `project ${name} has no retention rules`);
      const run = await this.#run(project, dryRun || project.retention.dryRun);
      if (!dryRun) await this.#remember(project, run);
      return run;
    });
  }

  /** Waits for what runs. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const cancel of this.#timers.values()) cancel();
    await this.#tail;
  }

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#tail.then(task);
    // whoever asked for it learns of its failure
    this.#tail = run.catch(() => undefined);
    return run;
  }

  async #look(name: string): Promise<void> {
    if (this.#closed) return;
    const project = this.#parts.directory.project(name);
    if (!project?.retention) return this.#forget(name);
    const due = await this.#due(project);
    const now = this.#parts.clock.now();
    if (due === undefined) return this.#wake(name, undefined);
    if (due > now) return this.#wake(name, due - now);
    await this.#remember(project, await this.#run(project, project.retention.dryRun));
    // a timer may have been set by the run before
    const next = await this.#due(project);
    this.#wake(name, next === undefined ? undefined : next - this.#parts.clock.now());
  }

  async #forget(name: string): Promise<void> {
    this.#wake(name, undefined);
    const { records } = this.#parts;
    if (await readState(records.read, name)) await records.write((to) => forgetRuns(to, name));
  }

  /** When it is to run next; a new schedule holds from now on. */
  async #due(project: Project): Promise<number | undefined> {
    const { retention, name } = project;
    if (!retention) return undefined;
    return nextRetentionAt(retention, await this.#state(name, retention.schedule ?? ''));
  }

  async #state(name: string, schedule: string) {
    const { records, clock } = this.#parts;
    const found = await readState(records.read, name);
    if (found?.schedule === schedule) return found;
    const now = { schedule, since: clock.now() };
    await records.write((to) => writeSchedule(to, name, now));
    return { handled: undefined, last: undefined, ...found, ...now };
  }

  #wake(name: string, ms: number | undefined): void {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
    if (ms === undefined || this.#closed) return;
    this.#timers.set(
      name,
      this.#parts.clock.schedule(() => this.changed(name), Math.max(0, ms)),
    );
  }

  async #run(project: Project, dryRun: boolean): Promise<RetentionRun> {
    const retired = await runRetention(this.#parts, project, { dryRun, stopped: () => this.#closed });
    this.#logger.info('retention ran', { project: project.name, dryRun, count: retired.count });
    return { time: this.#parts.clock.now(), handled: project.retention?.requestedAt, dryRun, ...retired };
  }

  async #remember(project: Project, run: RetentionRun): Promise<void> {
    // one that was cut short is made again by the next process
    if (this.#closed) return;
    const { name, retention } = project;
    await this.#state(name, retention?.schedule ?? '');
    await this.#parts.records.write((to) => writeRun(to, name, run));
    for (const listener of this.#listeners) listener(name, run);
  }
}
