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
