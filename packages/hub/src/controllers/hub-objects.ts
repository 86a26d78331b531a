import type { Clock, Logger } from '@sampan/base';
import { type Client, Informer, type ResourceRef } from '@sampan/machinery';
import { PROJECTS, type ProjectObject } from '../kinds/project.ts';
import { ROBOT_ACCOUNTS, type RobotAccountObject } from '../kinds/robot-account.ts';
import type { Project } from '../projects/directory.ts';
import { projectOfSpec } from '../projects/project-of-spec.ts';

const CLUSTERS: ResourceRef = {
  group: 'clusters.sampan.dev',
  version: 'v1',
  resource: 'clusters',
  kind: 'Cluster',
  namespaced: false,
};

export interface HubObjectsOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether the API has guest clusters. */
  readonly hasClusters: boolean;
}

/** What the cluster says of the registry, in memory and soon as it is there. */
export class HubObjects {
  readonly projects: Informer<ProjectObject>;
  readonly robots: Informer<RobotAccountObject>;
  readonly clusters: Informer | undefined;
  readonly #resolved = new WeakMap<ProjectObject, Project>();

  constructor({ client, clock, log, hasClusters }: HubObjectsOptions) {
    const common = { client, clock, log };
    this.projects = new Informer({ ...common, ref: PROJECTS });
    this.robots = new Informer({ ...common, ref: ROBOT_ACCOUNTS });
    this.clusters = hasClusters ? new Informer({ ...common, ref: CLUSTERS }) : undefined;
  }

  start(): void {
    for (const informer of this.#all()) informer.start();
  }

  stop(): void {
    for (const informer of this.#all()) informer.stop();
  }

  /** Resolves when all is known; never when it is stopped before. */
  async synced(): Promise<void> {
    await Promise.all(this.#all().map((informer) => informer.synced()));
  }

  project(name: string): Project | undefined {
    const object = this.projects.get('', name);
    if (!object) return undefined;
    const known = this.#resolved.get(object);
    if (known) return known;
    const deleting = object.metadata.deletionTimestamp !== undefined;
    const project = { ...projectOfSpec(name, object.spec), deleting };
    this.#resolved.set(object, project);
    return project;
  }

  #all(): Informer[] {
    const all = [this.projects, this.robots, ...(this.clusters ? [this.clusters] : [])];
    return all as unknown as Informer[];
  }
}
