import type { Clock, Logger } from '@sampan/base';
import type { Client } from '@sampan/machinery';
import type { ProjectSpec } from '../kinds/project.ts';
import type { HubObjects } from './hub-objects.ts';
import { type ProjectContent, ProjectController } from './project-controller.ts';
import { ProjectMaker } from './project-maker.ts';
import { RobotController } from './robot-controller.ts';

export interface HubControllersOptions {
  readonly client: Client;
  readonly objects: HubObjects;
  readonly content: ProjectContent;
  /** By which the registry is called, `HOST:PORT`: for login files. */
  readonly hosts: readonly string[];
  /** Projects that there are whatever clusters there are. */
  readonly always: Readonly<Record<string, ProjectSpec>>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Makes of projects and robots what their objects say, and tells there how they are. Webhooks have their own. */
export class HubControllers {
  readonly #options: HubControllersOptions;
  readonly #projects: ProjectController;
  readonly #robots: RobotController;
  readonly #maker: ProjectMaker;
  #begun: Promise<void> | undefined;
  #stopped = false;

  constructor(options: HubControllersOptions) {
    this.#options = options;
    this.#projects = new ProjectController(options);
    this.#robots = new RobotController(options);
    this.#maker = new ProjectMaker(options);
  }

  /** Works as soon as the objects are known, which whoever made them starts and stops. */
  start(): void {
    this.#begun = this.#options.objects.synced().then(() => {
      if (this.#stopped) return;
      for (const each of [this.#projects, this.#robots, this.#maker]) each.start();
    });
  }

  /** Resolves when the projects that there are to be were made, or could not be; never while objects are not known. */
  async made(): Promise<void> {
    await this.#begun;
    await this.#maker.made();
  }

  /** Resolves when what they were doing is done. May be called twice. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([this.#projects, this.#robots, this.#maker].map((each) => each.stop()));
  }

  /** To be told that the content of a project changed. */
  contentChanged(project: string): void {
    this.#projects.changed(project);
  }

  /** To be told that a robot, by its object's name, logged in. */
  robotUsed(name: string): void {
    this.#robots.used(name);
  }
}
