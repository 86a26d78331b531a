import { type Logger, systemClock } from '@sampan/base';
import { HUB_HOST } from '@sampan/home';
import { type Hub, HubControllers, type HubObjects, type ProjectSpec } from '@sampan/hub';
import type { Client } from '@sampan/machinery';

const LIBRARY: ProjectSpec = { description: 'Images for all.', public: true };
const HOST: ProjectSpec = { description: 'Images of this machine’s own cluster.' };

interface ControllersOptions {
  readonly hub: Hub;
  readonly objects: HubObjects;
  readonly client: Client;
  readonly port: number;
  readonly logger: Logger;
}

/** Starts what makes projects and robots of their objects; tell `controllers` of what they cannot see. */
export function startControllers({ hub, objects, client, port, logger }: ControllersOptions): HubControllers {
  const controllers = new HubControllers({
    client,
    objects,
    content: hub.projects,
    hosts: [`localhost:${port}`, HUB_HOST],
    always: { library: LIBRARY, ...(objects.clusters ? { host: HOST } : {}) },
    clock: systemClock,
    log: logger,
  });
  controllers.start();
  return controllers;
}

/** By then the first start has made it, unless the cluster does not let the registry make projects. */
const LIBRARY_MS = 2000;

/** Resolves when the project is there to which everybody's first push goes, or after a while. */
export function untilLibrary({ projects }: HubObjects): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => {
    if (projects.get('', 'library')) resolve();
  };
  const forget = projects.onChange(look);
  const timer = setTimeout(resolve, LIBRARY_MS);
  look();
  return promise.finally(() => {
    forget();
    clearTimeout(timer);
  });
}
