import { type Clock, deepEqual, type Logger } from '@sampan/base';
import { type Client, Reconciler } from '@sampan/machinery';
import {
  DELETE_CONTENT,
  PROJECT_FINALIZER,
  PROJECTS,
  type ProjectObject,
  type ProjectStatus,
  type RetentionStatus,
} from '../kinds/project.ts';
import type { ProjectCounts } from '../metadata/project-counts.ts';
import type { HubObjects } from './hub-objects.ts';
import { ignore } from './ignore.ts';
import { projectStatus } from './project-status.ts';

/** What the registry knows of projects. */
export interface ProjectContent {
  counts(project: string): Promise<ProjectCounts>;
  /** Whether it holds no manifest, of all pushes that were let in before. */
  isEmpty(project: string): Promise<boolean>;
  /** Deletes all manifests and tags. */
  empty(project: string): Promise<void>;
  /** To be told that the spec of a project is another, or the project new or gone. */
  specChanged(project: string): void;
  /** The last run of retention; undefined: none yet. */
  retention(project: string): Promise<RetentionStatus | undefined>;
  /** Why the schedule is none; undefined: nothing is wrong with it. */
  scheduleError(project: string): string | undefined;
}

export interface ProjectControllerOptions {
  readonly client: Client;
  readonly objects: HubObjects;
  readonly content: ProjectContent;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Figures are told so long after a change, with those of the next changes; milliseconds. */
const TELL_AFTER_MS = 2000;

/** Tells in the status of projects what they hold, and lets those that are deleted go when they hold nothing. */
export class ProjectController {
  readonly #options: ProjectControllerOptions;
  readonly #reconciler: Reconciler;
  #forget: () => void = () => {};

  constructor(options: ProjectControllerOptions) {
    const { clock, log } = options;
    this.#options = options;
    this.#reconciler = new Reconciler({
      name: 'projects',
      clock,
      log,
      reconcile: (name) => this.#reconcile(name),
    });
  }

  /** When all objects are known. */
  start(): void {
    const { objects, content } = this.#options;
    this.#forget = objects.projects.onChange(({ type, object, previous }) => {
      const { name = '', generation } = object.metadata;
      if (type !== 'deleted') this.#reconciler.enqueue(name);
      if (type !== 'modified' || generation !== previous?.metadata.generation) content.specChanged(name);
    });
    this.#reconciler.start();
  }

  /** Resolves when what it was doing is done. May be called twice. */
  async stop(): Promise<void> {
    this.#forget();
    await this.#reconciler.stop();
  }

  /** To be told that the content of a project changed. */
  changed(project: string): void {
    this.#reconciler.enqueueAfter(project, TELL_AFTER_MS);
  }

  async #reconcile(name: string): Promise<undefined> {
    const { objects, content, clock } = this.#options;
    const project = objects.projects.get('', name);
    if (!project) return;
    const { metadata } = project;
    const isHeld = metadata.finalizers?.includes(PROJECT_FINALIZER) ?? false;
    if (metadata.deletionTimestamp === undefined && !isHeld) await this.#hold(project);
    if (metadata.deletionTimestamp !== undefined && metadata.annotations?.[DELETE_CONTENT] === 'true')
      await content.empty(name);
    const counts = await content.counts(name);
    if (metadata.deletionTimestamp !== undefined && counts.repositories === 0) {
      // what is not seen yet tells of itself, and so comes here again
      if (isHeld && (await content.isEmpty(name))) await this.#release(project);
      return;
    }
    const retention = await content.retention(name);
    const scheduleError = content.scheduleError(name);
    const facts = { ...counts, retention, scheduleError, now: clock.now() };
    await this.#tell(project, projectStatus(project, facts));
  }

  async #hold({ metadata }: ProjectObject): Promise<void> {
    const { name = '', finalizers = [], resourceVersion } = metadata;
    const held = { metadata: { finalizers: [...finalizers, PROJECT_FINALIZER], resourceVersion } };
    await this.#options.client.patch(PROJECTS, undefined, name, 'merge', held).catch(ignore(404));
  }

  async #release({ metadata }: ProjectObject): Promise<void> {
    const { name = '', finalizers = [], resourceVersion } = metadata;
    const left = finalizers.filter((finalizer) => finalizer !== PROJECT_FINALIZER);
    const freed = { metadata: { finalizers: left, resourceVersion } };
    await this.#options.client.patch(PROJECTS, undefined, name, 'merge', freed).catch(ignore(404));
  }

  async #tell({ metadata, status: old }: ProjectObject, status: ProjectStatus): Promise<void> {
    if (deepEqual(status, old)) return;
    const { client } = this.#options;
    const subresource = 'status';
    await client
      .patch(PROJECTS, undefined, metadata.name ?? '', 'merge', { status }, { subresource })
      .catch(ignore(404));
  }
}
