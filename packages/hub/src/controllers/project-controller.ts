import { type Clock, deepEqual, type Logger } from '@sampan/base';
import { type Client, Reconciler } from '@sampan/machinery';
import {
  DELETE_CONTENT,
  PROJECT_FINALIZER,
  PROJECTS,
  type ProjectObject,
  type ProjectStatus,
} from '../kinds/project.ts';
import type { ProjectCounts } from '../metadata/project-counts.ts';
import type { HubObjects } from './hub-objects.ts';
import { ignore } from './ignore.ts';
import { projectStatus } from './project-status.ts';

/** What the registry knows of projects. */
export interface ProjectContent {
  counts(project: string): Promise<ProjectCounts>;
  /** Deletes all manifests and tags. */
  empty(project: string): Promise<void>;
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
    this.#forget = this.#options.objects.projects.onChange(({ type, object }) => {
      if (type !== 'deleted') this.#reconciler.enqueue(object.metadata.name ?? '');
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
      if (isHeld) await this.#release(project);
      return;
    }
    await this.#tell(project, projectStatus(project, { ...counts, now: clock.now() }));
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
