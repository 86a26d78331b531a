import { StatusError } from '@sampan/api';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import { type Client, Reconciler } from '@sampan/machinery';
import { HUB_GROUP, HUB_VERSION } from '../kinds/group.ts';
import { PROJECTS, type ProjectObject, type ProjectSpec } from '../kinds/project.ts';
import type { HubObjects } from './hub-objects.ts';
import { ignore } from './ignore.ts';
import type { ProjectContent } from './project-controller.ts';

export interface ProjectMakerOptions {
  readonly client: Client;
  readonly objects: HubObjects;
  readonly content: Pick<ProjectContent, 'counts'>;
  /** Projects that there are whatever clusters there are. */
  readonly always: Readonly<Record<string, ProjectSpec>>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** On projects that were made by themselves: for what. */
const MADE_FOR = 'hub.sampan.dev/made-for';

/**
 * Makes a private project for each cluster, and those that there always are. One that is there stays as it is, and
 * what was made for a cluster goes with it only while it is empty.
 */
export class ProjectMaker {
  readonly #options: ProjectMakerOptions;
  readonly #reconciler: Reconciler;
  readonly #forget: (() => void)[] = [];

  constructor(options: ProjectMakerOptions) {
    const { clock, log } = options;
    this.#options = options;
    this.#reconciler = new Reconciler({
      name: 'projects of clusters',
      clock,
      log,
      reconcile: (name) => this.#reconcile(name),
    });
  }

  /** When all objects are known. */
  start(): void {
    const { objects, always } = this.#options;
    const look = ({ object }: { readonly object: { readonly metadata: { readonly name?: string } } }) =>
      this.#reconciler.enqueue(object.metadata.name ?? '');
    for (const name of Object.keys(always)) this.#reconciler.enqueue(name);
    this.#forget.push(objects.projects.onChange(look));
    if (objects.clusters) this.#forget.push(objects.clusters.onChange(look));
    this.#reconciler.start();
  }

  /** Resolves when all that there are to be were made, or could not be. After `start`. */
  made(): Promise<void> {
    return this.#reconciler.settled();
  }

  /** Resolves when what it was doing is done. May be called twice. */
  async stop(): Promise<void> {
    for (const forget of this.#forget.splice(0)) forget();
    await this.#reconciler.stop();
  }

  async #reconcile(name: string): Promise<undefined> {
    const { objects, always } = this.#options;
    const project = objects.projects.get('', name);
    const spec = Object.hasOwn(always, name) ? always[name] : undefined;
    const cluster = objects.clusters?.get('', name);
    if (project) {
      if (!cluster && !spec && objects.clusters) await this.#removeEmpty(project);
    } else if (spec) await this.#make(name, spec, 'all');
    else if (cluster && cluster.metadata.deletionTimestamp === undefined)
      await this.#make(name, { description: `Images of the cluster ${name}.` }, 'cluster');
  }

  async #make(name: string, spec: ProjectSpec, purpose: string): Promise<void> {
    const project: ProjectObject = {
      apiVersion: `${HUB_GROUP}/${HUB_VERSION}`,
      kind: 'Project',
      metadata: { name, labels: { [MADE_FOR]: purpose } },
      spec,
    };
    try {
      await this.#options.client.create(PROJECTS, project);
    } catch (error) {
      if (error instanceof StatusError && error.code === 422) {
        // a cluster may be called what a project may not
        this.#options.log.warn('a cluster has no project', { cluster: name, error: messageOf(error) });
      } else ignore(409)(error);
    }
  }

  async #removeEmpty({ metadata }: ProjectObject): Promise<void> {
    const { name = '', labels, deletionTimestamp, uid, resourceVersion } = metadata;
    if (labels?.[MADE_FOR] !== 'cluster' || deletionTimestamp !== undefined) return;
    if ((await this.#options.content.counts(name)).repositories > 0) return;
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    await this.#options.client.delete(PROJECTS, undefined, name, { preconditions }).catch(ignore(404));
  }
}
